"""What must never be, apart from includes. Each rule yields (line, what is wrong)."""

import re

CORES = ('common/base/', 'worker/', 'controller/', 'router-service/')

# What reads the world or touches it, and where it would be right.
WORLD = [
    (r'\b(std::chrono::)?(system|steady|high_resolution|utc)_clock\b', 'a clock'),
    (r'\b(gettimeofday|clock_gettime|localtime|gmtime|timespec_get)\b', 'a clock'),
    (r'(?<![\w.>:])(std::)?time\s*\(\s*(nullptr|NULL|0|&\w+)\s*\)', 'a clock'),
    (r'\b(std::random_device|std::mt19937\w*|srand|getrandom|getentropy)\b', 'randomness'),
    (r'(?<![\w.>:])(std::)?rand\s*\(', 'randomness'),
    (r'\b(RAND_bytes|RAND_priv_bytes)\b', 'randomness'),
    (r'\bgetenv\b', 'the environment'),
    (r'<(thread|mutex|shared_mutex|condition_variable|future|semaphore|stop_token)>', 'a thread'),
    (r'\b(thread_local|pthread_\w+|std::j?thread|std::async)\b', 'a thread'),
    (r'<(sys/(socket|epoll|un|select)|netinet/\w+|netdb|poll|unistd|fcntl)\.h>', 'a socket'),
    (r'\b(epoll_\w+|sendto|sendmsg|sendmmsg|recvfrom|recvmsg|recvmmsg|io_uring\w*)\b', 'a socket'),
    (r'(?<![\w.>])(::)?socket\s*\(', 'a socket'),
    (r'<(fstream|filesystem|iostream)>|\b(fopen|freopen|popen)\b', 'a file'),
    (r'\b(usleep|nanosleep|sleep_for|sleep_until)\b', 'sleep'),
    (r'\buv_\w+|\blws_\w+|\bamqp_\w+', 'the loop'),
]
WORLD = [(re.compile(pattern), what) for pattern, what in WORLD]

# Files that are no core although they lie beside one, each with the one thing it may touch.
EXCUSED = {
    ('controller/config/', 'a file'): 'reads the configuration once, before there is a core',
    ('controller/config/', 'the environment'): 'the same',
    ('worker/dtls/', 'randomness'): 'OpenSSL keeps its own, which tests replace by a seeded one',
}

SLEEPS = re.compile(r'\b(usleep|nanosleep|sleep_for|sleep_until)\b|(?<![\w.>:])sleep\s*\(')
VAGUE = re.compile(r'(^|_|-)(utils?|helpers?|managers?|misc|stuff)(_|-|\.|$)')
MARKS = re.compile(r'\b(' + '|'.join(['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK']) + r')\b')
# Written in two halves, so that this file does not find itself.
MACHINE = re.compile('|'.join(['/wo' + 'rk/', '/tmp/' + 'brief', r'\.\./sha' + 'red',
                               '/ho' + r'me/\w', '/ro' + 'ot/', '/User' + r's/\w']))
# Where such a path is one inside a container.
CONTAINERS = ('deploy/',)
COLUMNS = 100
WIDE = ('.md', '.json', '.txt', '.html', '.yaml', '.yml')


def is_core(path):
    is_code = path.endswith(('.h', '.cpp'))
    return is_code and path.startswith(CORES) and not path.endswith('main.cpp')


def world(file):
    """The world stays out of the cores: no clock, socket, thread, file, randomness."""
    if not is_core(file.path):
        return
    for number, line in enumerate(file.code_lines, 1):
        for pattern, what in WORLD:
            excused = any(file.path.startswith(path) and what == thing for path, thing in EXCUSED)
            found = pattern.search(line)
            if found and not excused:
                yield number, f'{found[0].strip()} is {what}: the shell hands it in'


def no_sleep(file):
    """No test of the cores sleeps: time is virtual, or an event is waited for."""
    if not file.path.startswith(('tests/unit/', 'tests/sim/', 'tests/scenarios/')):
        return
    for number, line in enumerate(file.code_lines, 1):
        if SLEEPS.search(line):
            yield number, 'a test does not sleep'


def names(file):
    """No file is named util, helper, manager, misc or stuff."""
    if any(VAGUE.search(part.lower()) for part in file.path.split('/')):
        yield 1, f'{file.path}: a name says what it is'


def columns(file):
    """Lines of code stop at column 100. The web has a formatter of its own."""
    if file.path.endswith(WIDE) or file.path.startswith('web/'):
        return
    for number, line in enumerate(file.lines, 1):
        if len(line) > COLUMNS:
            yield number, f'{len(line)} columns'


def blanks(file):
    """No tab indents code, and nothing invisible ends a line of it."""
    if not file.is_code:
        return
    for number, line in enumerate(file.lines, 1):
        if line != line.rstrip():
            yield number, 'blanks at the end'
        if '\t' in line:
            yield number, 'a tab'


def marks(file):
    """What is left to do is an issue, not a comment."""
    for number, line in enumerate(file.lines, 1):
        found = MARKS.search(line)
        if found:
            yield number, f'{found[0]}: do it, or open an issue'


def machine_paths(file):
    """Nothing names a path of one engineer's machine."""
    if file.path.startswith(CONTAINERS):
        return
    for number, line in enumerate(file.lines, 1):
        found = MACHINE.search(line)
        if found:
            yield number, f'{found[0]} is a path of one machine'


def once(file):
    """A header says #pragma once before anything else."""
    if not file.path.endswith('.h'):
        return
    first = next((line.strip() for line in file.code_lines if line.strip()), '')
    if first != '#pragma once':
        yield 1, 'no #pragma once at the top'


RULES = [world, no_sleep, names, columns, blanks, marks, machine_paths, once]
