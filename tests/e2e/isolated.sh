#!/usr/bin/env bash
# Runs a command in a network and a process space of its own, which end with it.
#
# Firefox never speaks over 127.0.0.1 and wants a default route, so the network has an address like
# a real one; ports are never taken by others; and whatever a test left running dies with its first
# process.
set -euo pipefail

usage="usage: tests/e2e/isolated.sh COMMAND [ARGUMENT...]"
case "${1:-}" in
    '' | -h | --help) echo "$usage"; exit 2 ;;
    --inside) shift ;;
    *)
        spaces=(--net --pid --mount --fork --kill-child --mount-proc)
        [ "$(id -u)" = 0 ] || spaces+=(--user --map-root-user)
        if ! unshare "${spaces[@]}" true 2>/dev/null; then
            echo "no network namespaces here; running in the machine's own network" >&2
            exec "$@"
        fi
        exec unshare "${spaces[@]}" "$0" --inside "$@"
        ;;
esac

# Both ends of a virtual cable: not every kernel has dummy interfaces. Their IPv6 addresses are good
# at once: after a second of looking for a duplicate a browser would take it for another network,
# and give up what it is loading.
echo 0 2>/dev/null >/proc/sys/net/ipv6/conf/default/accept_dad || true
ip link set lo up
ip link add parley0 type veth peer name parley1
ip address add 10.77.0.1/24 dev parley0
ip link set parley0 up
ip link set parley1 up
ip route add default via 10.77.0.2

# This shell stays, as the process that collects orphans.
"$@" &
trap 'kill -TERM $! 2>/dev/null' TERM INT
status=0
wait $! || status=$?
exit "$status"
