/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_delete.c: the saga of a removal; what comes after its commit is in mongo_recover.c. */
#include "base/log.h"
#include "store/mongo_priv.h"
#include "store/mongo_saga.h"

/* From here on requests see nothing of it. */
static enum err commit(struct mongo_session *session, const struct mongo_org *org)
{
	struct mongo_org now;
	enum mongo_outcome outcome =
		mongo_change(session, MONGO_STEP_DELETE_COMMIT, MONGO_ORGANIZATIONS, mongo_org_as_read(org),
			     BCON_NEW("$set", "{", "state", MONGO_STATE_VALUE(MONGO_DELETING),
				      MONGO_BEGUN_BY(session), "}", MONGO_RAISE_FENCE));
	enum err err;

	if (outcome == MONGO_DONE)
		return ERR_OK;
	err = mongo_org_get(session, &org->id, &now);
	if (err == ERR_NOT_FOUND) /* if we do not know, by our commit, and a recovery has finished it */
		return outcome == MONGO_UNKNOWN ? ERR_OK : ERR_INVALID_TOKEN;
	if (err != ERR_OK || mongo_id_equal(&now.op, &session->op))
		return err;
	return outcome == MONGO_UNKNOWN ? ERR_STORE_UNAVAILABLE : ERR_ORGANIZATION_BUSY;
}

static enum err delete(struct mongo_session *session, const bson_oid_t *id, const struct tenant *tenant)
{
	struct mongo_org org;
	enum err err = mongo_org_of_tenant(session, tenant, &org);

	if (err == ERR_OK && org.state != MONGO_ACTIVE)
		err = ERR_ORGANIZATION_BUSY;
	if (err == ERR_OK)
		err = commit(session, &org);
	/* Committed is deleted, for every request; what is left over now, the recovery takes. */
	if (err == ERR_OK && mongo_finish_delete(session, id) != ERR_OK)
		LOG(LOG_WARN, "an organization is deleted; what belonged to it is left to the recovery");
	return err;
}

enum err mongo_org_delete(void *impl, const struct tenant *tenant)
{
	struct mongo_session session;
	bson_oid_t id;
	enum err err;

	if (!mongo_id_parse(tenant->org_id, &id))
		return ERR_INVALID_TOKEN;
	err = mongo_begin_on(impl, &id, &session);
	return err == ERR_OK ? mongo_end_on(&session, &id, delete(&session, &id, tenant)) : err;
}
