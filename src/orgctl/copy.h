/* SPDX-License-Identifier: Apache-2.0 */
/* copy.h: everything of one store into another, of any kind; what migration, backup and restore come to. */
#ifndef ORGCTL_COPY_H
#define ORGCTL_COPY_H

#include "orgctl/command.h"
#include "orgctl/documents.h"

struct copy {
	const struct store *from, *to;
	const char *from_name, *to_name; /* what people call them */
	bool live;                       /* others write to `from` meanwhile, so it is not compared afterwards */
	void (*tick)(void *context);     /* called now and then; NULL: nobody */
	void *context;
};

struct copy_report {
	uint64_t created, present;      /* organizations that came, and that were there before */
	struct documents_digest digest; /* of all documents that were compared */
};

/*
 * copy_run(call, copy, report_r): a status, and why not is said. `to` may hold what comes from `from`
 * only. Both must be whole. Shows its progress.
 */
int copy_run(struct call *call, const struct copy *copy, struct copy_report *report_r) MUST_CHECK;

#endif
