#!/usr/bin/env python3
"""Writes flatbuffers/pipe.fbs as a next version of it might be.

The minor version is one higher, tables have one more field at their ends, and each union a member
that nobody knows today. Fails when the schema has no such place any more.
"""

import re
import sys

FIELDS = {
    'Hello': 'later: string;',
    'Produce': 'later: string;',
    'GetWorkerStats': 'later: string;',
    'HelloReply': 'later: string;',
    'RouterSnapshot': 'later: string;',
    'WorkerStats': 'later: Later;',
}
MEMBERS = {'RequestBody': 'Remark', 'ReplyBody': 'Remarked', 'NotificationBody': 'Overheard'}
TABLES = '''
table Later { words: string; }
table Remark { words: string; }
table Remarked { words: string; }
table Overheard { words: string; }
'''


def replaced(pattern, replacement, text):
    """`text` with its one match of `pattern` replaced."""
    text, times = re.subn(pattern, replacement, text, flags=re.MULTILINE)
    if times != 1:
        sys.exit(f'next_schema.py: {times} places in pipe.fbs match {pattern}')
    return text


def next_of(schema):
    schema = replaced(r'^(enum MinorVersion : \w+ \{ Current = )(\d+)',
                      lambda found: found[1] + str(int(found[2]) + 1), schema)
    for table, field in FIELDS.items():
        schema = replaced(rf'^(table {table} \{{[^}}]*)\}}', rf'\1\n  {field}\n}}', schema)
    for union, member in MEMBERS.items():
        schema = replaced(rf'^(union {union} \{{[^}}]*)\}}', rf'\1\n  , {member}\n}}', schema)
    return replaced(r'^(union RequestBody )', TABLES + r'\n\1', schema)


if __name__ == '__main__':
    source, target = sys.argv[1:]
    with open(source, encoding='utf-8') as file:
        text = next_of(file.read())
    with open(target, 'w', encoding='utf-8') as file:
        file.write(text)
