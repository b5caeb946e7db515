/* SPDX-License-Identifier: Apache-2.0 */
/* notify.h: tells the service manager how it goes (sd_notify(3)), without its library. */
#ifndef HTTP_NOTIFY_H
#define HTTP_NOTIFY_H

/* notify_send(state): sends "READY=1" or the like to $NOTIFY_SOCKET; nothing if that is not set. */
void notify_send(const char *state);

/*
 * notify_watchdog_ms(): how often "WATCHDOG=1" must be sent at least (half of what sd_watchdog_enabled(3)
 * allows), -1 if nobody waits for it.
 */
long notify_watchdog_ms(void);

#endif
