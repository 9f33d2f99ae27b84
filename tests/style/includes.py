"""Who may include whom. ARCHITECTURE.md draws it; this holds it."""

import re

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

BASE = ('common/base/', 'worker/limits.h')
LEAVES = tuple(f'worker/{leaf}/' for leaf in ('net', 'stun', 'srtp', 'dtls', 'sctp', 'rtp', 'rtcp'))
OVER_LEAVES = ('worker/ice/', 'worker/cc/')

# What a folder sees besides itself. The longest prefix that fits a file counts.
MAY_SEE = {
    'common/base/': (),
    'common/json/': ('common/base/',),
    'common/cluster/': ('common/base/', 'common/json/'),
    'common/web/': ('common/base/', 'common/json/'),
    # The AMQP shell carries the mail of the cluster's cores.
    'common/shell/': BASE + ('worker/net/', 'common/cluster/mail.h', 'common/cluster/topology.h',
                             'common/web/http.h', 'common/web/program_numbers.h'),
    'worker/limits.h': ('common/base/',),
    **{leaf: BASE for leaf in LEAVES},
    **{folder: BASE + LEAVES for folder in OVER_LEAVES},
    'worker/router/': BASE + LEAVES + OVER_LEAVES,
    'worker/engine/': BASE + LEAVES + OVER_LEAVES + ('worker/router/', 'flatbuffers/'),
    'worker/main.cpp': ('common/', 'worker/'),
    # The folders under controller/ do not see each other: what lies at its top introduces them, and
    # holds the few words that they share.
    'controller/': ('common/base/', 'common/cluster/', 'common/json/', 'common/web/',
                    'controller/', 'flatbuffers/'),
    'controller/main.cpp': BASE + ('common/', 'controller/', 'flatbuffers/'),
    'controller/parleyctl_main.cpp': ('common/', 'controller/'),
    # The wiring between cores and shell, in more files than main.cpp alone could hold.
    'controller/wiring/': ('common/', 'controller/', 'worker/net/address.h'),
    'router-service/': ('common/base/', 'common/cluster/', 'common/json/', 'common/web/',
                        'router-service/'),
    'router-service/main.cpp': ('common/', 'router-service/', 'worker/net/address.h'),
}

# Top-level words of controller/ that its folders share.
SHARED_OF_CONTROLLER = ('controller/core.h', 'controller/drain.h', 'controller/media.h',
                        'controller/quality.h', 'controller/tally.h', 'controller/views.h')

SHELL_ONLY = re.compile(r'^(uv\.h|libwebsockets\.h|amqp.*\.h)$')
GENERATED = re.compile(r'(^|/)(pipe|control)_generated\.h$')
# The files that see generated code: one on each side, or the header that its parts share where it
# grew long.
SEE_GENERATED = re.compile(r'^((worker/engine|controller/workers)/(pipe_\w+|control)\.cpp|'
                           r'controller/control/wire\.h|worker/engine/control_desk\.h)$')


def owner_of(path):
    owners = [prefix for prefix in MAY_SEE if path.startswith(prefix)]
    return max(owners, key=len) if owners else None


def folder_of_controller(path):
    """'controller/rooms/' for what lies in a folder of cores under controller/, else nothing."""
    parts = path.split('/')
    if path.startswith('controller/wiring/'):
        return None
    return '/'.join(parts[:2]) + '/' if parts[0] == 'controller' and len(parts) > 2 else None


def may_include(path, included):
    owner = owner_of(path)
    if owner is None:
        return True
    inside = folder_of_controller(path)
    if inside and included.startswith('controller/'):
        return included.startswith(inside) or included in SHARED_OF_CONTROLLER
    return included.startswith((owner,) + MAY_SEE[owner])


def includes_of(file):
    for number, line in enumerate(file.code_lines, 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found[1] == '"', found[2]


def direction(file):
    """Includes point down: base <- leaves <- ice, cc <- router <- engine <- main -> shell."""
    for number, quoted, included in includes_of(file):
        if quoted and not GENERATED.search(included) and not may_include(file.path, included):
            yield number, f'{owner_of(file.path)} may not include {included}'


def shell_libraries(file):
    """Only common/shell/ and a main.cpp see uv.h, libwebsockets and the AMQP client."""
    if not file.path.startswith(('common/', 'worker/', 'controller/', 'router-service/')):
        return
    if file.path.startswith('common/shell/'):
        return
    for number, _, included in includes_of(file):
        if SHELL_ONLY.match(included):
            yield number, f'{included} belongs to common/shell/'


def generated_code(file):
    """Generated code is seen by one file on each side of the pipe, and by tests."""
    if file.path.startswith('tests/'):
        return
    for number, _, included in includes_of(file):
        if GENERATED.search(included) and not SEE_GENERATED.match(file.path):
            yield number, f'{included} is for the files that read and write frames alone'


RULES = [direction, shell_libraries, generated_code]
