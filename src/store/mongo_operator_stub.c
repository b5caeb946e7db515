#include "store/mongo_priv.h"
enum err mongo_backup(void *i, const char *p, store_progress_fn *f, void *c){(void)i;(void)p;(void)f;(void)c;return ERR_INTERNAL;}
enum err mongo_restore(void *i, const char *p, store_progress_fn *f, void *c){(void)i;(void)p;(void)f;(void)c;return ERR_INTERNAL;}
