/* SPDX-License-Identifier: Apache-2.0 */
/* check_reads.c: what of the store an update reads, and how often. */
#include <string.h>

#include "support/fixture.h"
#include "support/suite.h"

#define PASSWORD "correct horse"
#define CREATE "{\"organization_name\":\"Acme\",\"email\":\"a@x.org\",\"password\":\"" PASSWORD "\"}"

static struct fixture fixture;

static void set_up(void)
{
	fixture_open(&fixture, NULL);
}

static void tear_down(void)
{
	fixture_close(&fixture);
}

/* Updates: the reads that each costs (organization by the token check, then admin), and its answer. */
static const struct {
	const char *body;
	unsigned admin_reads;
	int status, status_when_admins_fail;
} updates[] = {
	{"{\"organization_name\":\"Zorn\"}", 0, 200, 200},
	{"{\"organization_name\":\"\"}", 0, 422, 422},
	{"{\"email\":\"nonsense\"}", 0, 422, 422},
	{"{\"email\":\"b@x.org\",\"password\":\"b@x.org \",\"x\":1}", 0, 422, 422},
	{"{\"email\":\"a@x.org\"}", 1, 200, 503},
	{"{\"password\":\"another horse\"}", 1, 200, 503},
	{"{\"password\":\"a@x.org!\",\"x\":1}", 1, 422, 503},
	{"{\"email\":\"b@x.org\",\"password\":\"another horse\",\"current_password\":\"" PASSWORD "\"}", 1, 200, 503},
	{"{\"organization_name\":\"Zorn\",\"current_password\":\"wrong\"}", 1, 422, 503},
	{"{\"organization_name\":\"Zorn\",\"password\":\"another horse\",\"current_password\":\"" PASSWORD "\"}", 1, 200, 503},
};

/* The store's reads by a token are counted, and those of admins fail on demand. */
static const struct store_ops *ops;
static unsigned org_reads, admin_reads;
static bool admins_fail;

static enum err count_org(void *impl, struct arena *arena, const struct tenant *tenant, struct org *org_r)
{
	org_reads++;
	return ops->org_by_tenant(impl, arena, tenant, org_r);
}

static enum err count_admin(void *impl, struct arena *arena, const struct tenant *tenant,
			    struct account *account_r)
{
	admin_reads++;
	return admins_fail ? ERR_STORE_UNAVAILABLE : ops->account_by_tenant(impl, arena, tenant, account_r);
}

START_TEST(an_update_reads_the_admin_once_and_when_needed)
{
	struct store_ops counting = *fixture.app.store.ops;
	const char *token;

	ops = fixture.app.store.ops;
	counting.org_by_tenant = count_org;
	counting.account_by_tenant = count_admin;
	ck_assert_int_eq(fixture_call(&fixture, "POST", "/org/create", NULL, CREATE), 201);
	token = fixture_token(&fixture, "a@x.org", PASSWORD);
	fixture.app.store.ops = &counting;
	admins_fail = true;
	ck_assert_int_eq(fixture_call(&fixture, "PUT", "/org/update", token, updates[_i].body), updates[_i].status_when_admins_fail);
	ck_assert_int_eq(fixture_has(&fixture, "\"errors\""), updates[_i].status_when_admins_fail == 422);
	admins_fail = false;
	org_reads = admin_reads = 0;
	ck_assert_int_eq(fixture_call(&fixture, "PUT", "/org/update", token, updates[_i].body), updates[_i].status);
	ck_assert_uint_eq(org_reads, 1);
	ck_assert_uint_eq(admin_reads, updates[_i].admin_reads);
	fixture.app.store.ops = ops;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reads");
	TCase *tcase = tcase_create("updates");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, an_update_reads_the_admin_once_and_when_needed, 0, COUNT_OF(updates));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
