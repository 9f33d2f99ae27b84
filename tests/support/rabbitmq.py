#!/usr/bin/env python3
"""A RabbitMQ of one's own: Debian's, from a directory and on ports that nobody else uses.

Prints one line of JSON when it serves:
  {"url", "vhosts", "port", "tlsPort", "pid", "directory", "ca", "certificate", "key"}
TLS wants a client's certificate; `certificate` and `key` are such a one. `vhosts` are the URLs of
so many more vhosts as --vhosts says: brokers of their own to whoever uses them, that cost nothing.

Then it does what it is told on its standard input, a word a line, and answers each with a line of
JSON: `kill` (as by -9), `start` (again, with what it had stored), `pause`, `resume`. It ends, and
RabbitMQ with it, when its standard input does.
"""

import argparse
import base64
import ctypes
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server'
CONTROL = '/usr/lib/rabbitmq/bin/rabbitmqctl'
START_SECONDS = 90
PR_SET_PDEATHSIG = 1


def free_ports(count):
    """Ports that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(('127.0.0.1', 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_certificates(directory):
    """ca.pem, and a certificate of it for the server and one for a client."""
    def path(name):
        return str(directory / name)

    key = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes')
    run('openssl', 'req', '-x509', *key, '-days', '2', '-subj', '/CN=test-ca', '-keyout',
        path('ca.key'), '-out', path('ca.pem'))
    for name, names in (('server', 'IP:127.0.0.1,DNS:localhost'), ('client', 'DNS:client')):
        run('openssl', 'req', *key, '-subj', f'/CN={name}', '-keyout', path(name + '.key'), '-out',
            path(name + '.csr'))
        (directory / 'names').write_text(f'subjectAltName={names}\n')
        run('openssl', 'x509', '-req', '-days', '2', '-in', path(name + '.csr'), '-CA',
            path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial', '-extfile', path('names'),
            '-out', path(name + '.pem'))


def definitions(vhosts):
    """What RabbitMQ makes of itself with these vhosts besides its own; guest may do all in each."""
    names = ['/', *vhosts]
    salt = os.urandom(4)
    password = base64.b64encode(salt + hashlib.sha256(salt + b'guest').digest()).decode()
    guest = {'name': 'guest', 'password_hash': password, 'tags': 'administrator',
             'hashing_algorithm': 'rabbit_password_hashing_sha256'}
    may = {'user': 'guest', 'configure': '.*', 'write': '.*', 'read': '.*'}
    return {
        'users': [guest],
        'vhosts': [{'name': name} for name in names],
        'permissions': [{'vhost': name, **may} for name in names],
    }


class Broker:
    def __init__(self, directory, vhosts=0):
        self.directory = directory
        self.vhosts = [f'vhost-{number}' for number in range(vhosts)]
        self.port, self.tls_port, self.dist_port, self.epmd_port = free_ports(4)
        self.process = None
        self.environment = self.configure()
        self.epmd = subprocess.Popen(
            ['epmd', '-port', str(self.epmd_port), '-address', '127.0.0.1'],
            env=self.environment, preexec_fn=die_with_parent, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def configure(self):
        here = self.directory
        make_certificates(here)
        (here / 'rabbitmq.conf').write_text(f'''
listeners.tcp.1 = 127.0.0.1:{self.port}
listeners.ssl.1 = 127.0.0.1:{self.tls_port}
ssl_options.cacertfile = {here}/ca.pem
ssl_options.certfile = {here}/server.pem
ssl_options.keyfile = {here}/server.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
disk_free_limit.absolute = 20MB
vm_memory_high_watermark.absolute = 1GB
load_definitions = {here}/definitions.json
''')
        (here / 'definitions.json').write_text(json.dumps(definitions(self.vhosts)))
        (here / 'enabled_plugins').write_text('[].\n')
        cookie = here / '.erlang.cookie'
        cookie.write_text('COOKIE' + os.urandom(8).hex())
        cookie.chmod(0o400)
        return {
            'PATH': '/usr/sbin:/usr/bin:/sbin:/bin',
            'LANG': 'C.UTF-8',
            'HOME': str(here),
            'ERL_EPMD_PORT': str(self.epmd_port),
            'ERL_EPMD_ADDRESS': '127.0.0.1',
            'RABBITMQ_NODENAME': f'parley{self.port}@localhost',
            'RABBITMQ_NODE_PORT': str(self.port),
            'RABBITMQ_DIST_PORT': str(self.dist_port),
            'RABBITMQ_MNESIA_BASE': str(here / 'data'),
            'RABBITMQ_LOG_BASE': str(here / 'log'),
            'RABBITMQ_CONFIG_FILE': str(here / 'rabbitmq.conf'),
            'RABBITMQ_ENABLED_PLUGINS_FILE': str(here / 'enabled_plugins'),
            'RABBITMQ_CONF_ENV_FILE': '/nonexistent',
            # One scheduler, that does not spin: tests share their cores with it.
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS': '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none',
        }

    def start(self):
        log = open(self.directory / 'output', 'ab')
        self.process = subprocess.Popen([SERVER], env=self.environment, start_new_session=True,
                                        preexec_fn=die_with_parent, stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self.serves():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit('rabbitmq.py: RabbitMQ does not start:\n' + self.last_words())
            time.sleep(0.1)

    def serves(self):
        try:
            with socket.create_connection(('127.0.0.1', self.port), timeout=1) as peer:
                peer.sendall(b'AMQP\x00\x00\x09\x01')
                return len(peer.recv(8)) > 0
        except OSError:
            return False

    def last_words(self):
        return (self.directory / 'output').read_text(errors='replace')[-2000:]

    def signal(self, number):
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def crash(self):
        # RabbitMQ writes down lazily who leads a new quorum queue, and waits for a leader for ever
        # when a crash comes before (rabbitmq-server issue 10070). That is not what tests are about.
        sync = '[dets:sync(Table) || Table <- dets:all()], ok.'
        subprocess.run([CONTROL, '--quiet', '--node', self.environment['RABBITMQ_NODENAME'], 'eval',
                        sync], env=self.environment, check=True, stdout=subprocess.DEVNULL)
        self.kill()

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def end(self):
        if self.process:
            self.kill()
        self.epmd.kill()
        self.epmd.wait()

    def facts(self):
        here = self.directory
        url = f'amqp://guest:guest@127.0.0.1:{self.port}/'
        return {
            'url': url,
            'vhosts': [url + name for name in self.vhosts],
            'port': self.port,
            'tlsPort': self.tls_port,
            'pid': self.process.pid,
            'directory': str(here),
            'ca': f'{here}/ca.pem',
            'certificate': f'{here}/client.pem',
            'key': f'{here}/client.key',
        }


def serve(broker):
    broker.start()
    print(json.dumps(broker.facts()), flush=True)
    does = {
        'kill': broker.crash,
        'start': broker.start,
        'pause': lambda: broker.signal(signal.SIGSTOP),
        'resume': lambda: broker.signal(signal.SIGCONT),
    }
    for line in sys.stdin:
        word = line.strip()
        if word not in does:
            print(json.dumps({'error': f'no such command: {word}'}), flush=True)
            continue
        does[word]()
        print(json.dumps({'done': word, 'pid': broker.process.pid}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--vhosts', type=int, default=0, help='more of them than the default one')
    arguments = parser.parse_args()
    if not os.access(SERVER, os.X_OK):
        raise SystemExit(f'rabbitmq.py: {SERVER} is missing; script/bootstrap installs it')
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    directory = pathlib.Path(tempfile.mkdtemp(prefix='parley-rabbitmq-'))
    broker = Broker(directory, arguments.vhosts)
    try:
        serve(broker)
    finally:
        broker.end()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == '__main__':
    main()
