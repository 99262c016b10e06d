// Package systemd speaks with the service manager that started this process,
// in the two ways that systemd has (sd_notify(3), sd_listen_fds(3)), which
// others have taken over. It owns what is in LISTEN_…, NOTIFY_SOCKET and
// WATCHDOG_… of the environment. It must not know what is served.
//
//	Sockets   the listeners that the manager opened, by their names
//	Open      where the manager hears us; nothing is said where none listens
//	Ready     … Reloading … Ready … Stopping
//	Watchdog  a sign of life, for a manager that restarts what is silent
package systemd
