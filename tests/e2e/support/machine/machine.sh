#!/usr/bin/env bash
# The first process of a machine that is a set of namespaces: a file system that forgets, a name.
# Says `ready`, and stays.
set -euo pipefail
directory=$1 name=$2

mount -t tmpfs tmpfs "$directory"
for place in etc usr var run; do
    mkdir -p "$directory/$place/upper" "$directory/$place/work"
    mount -t overlay overlay "/$place" \
        -o "lowerdir=/$place,upperdir=$directory/$place/upper,workdir=$directory/$place/work"
done
hostname "$name"
printf '127.0.0.1 localhost\n127.0.1.1 %s\n10.0.0.1 voice.example\n' "$name" >/etc/hosts
# One scheduler, that does not spin: a test shares its cores with it.
echo 'SERVER_ADDITIONAL_ERL_ARGS="+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none"' \
    >/etc/rabbitmq/rabbitmq-env.conf
echo ready
# As the first process of its machine it collects those that lost their parent.
sleep infinity &
wait
