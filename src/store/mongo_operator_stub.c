#include "store/mongo_priv.h"
enum err mongo_org_list(void *i, struct arena *a, const struct store_query *q, struct store_page *p){(void)i;(void)a;(void)q;(void)p;return ERR_INTERNAL;}
enum err mongo_info(void *i, struct arena *a, struct store_info *p){(void)i;(void)a;(void)p;return ERR_INTERNAL;}
enum err mongo_backup(void *i, const char *p, store_progress_fn *f, void *c){(void)i;(void)p;(void)f;(void)c;return ERR_INTERNAL;}
enum err mongo_restore(void *i, const char *p, store_progress_fn *f, void *c){(void)i;(void)p;(void)f;(void)c;return ERR_INTERNAL;}
