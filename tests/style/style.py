#!/usr/bin/env python3
"""Holds the rules of the house that a machine can hold.

usage: style.py [ROOT]

First proves on samples that each rule fires, then reads the checkout at ROOT (default: the one
that this file lies in). Names file:line and the rule for whatever breaks one. Last line:
`N passed, N failed`, a sample or a rule being one.
"""

import os
import sys

import includes
import rules
import sources
from samples import SAMPLES
from source_tree import SourceFile, read_tree

RULES = includes.RULES + rules.RULES


def check_samples():
    """How many samples came out right, and how many wrong."""
    by_name = {rule.__name__: rule for rule in RULES}
    failed = 0
    for name, path, text, wanted in SAMPLES:
        named = sorted({line for line, _ in by_name[name](SourceFile(path, text))})
        if named != wanted:
            failed += 1
            print(f'sample for {name}: named lines {named} of {text!r} in {path}, not {wanted}')
    for rule, tree, wanted in sources.SAMPLES:
        named = [path for path, _, _ in rule([SourceFile(*file) for file in tree.items()])]
        if named != wanted:
            failed += 1
            print(f'sample for {rule.__name__}: named {named} of {list(tree)}, not {wanted}')
    untested = set(by_name) - {name for name, _, _, wanted in SAMPLES if wanted}
    for name in sorted(untested):
        failed += 1
        print(f'{name}: no sample shows that it fires')
    return len(SAMPLES) + len(sources.SAMPLES) + len(untested) - failed, failed


def check_tree(files):
    """How many rules hold in all files, and how many do not."""
    failed = 0
    of_files = [(rule, [(file.path, *found) for file in files for found in rule(file)])
                for rule in RULES]
    of_trees = [(rule, list(rule(files))) for rule in sources.RULES]
    for rule, broken in of_files + of_trees:
        failed += bool(broken)
        for path, line, what in broken:
            print(f'{path}:{line}: {what} [{rule.__name__}: {rule.__doc__}]')
    return len(of_files + of_trees) - failed, failed


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, '..', '..')
    files = read_tree(root)
    if len(files) < 20:
        print(f'{root}: only {len(files)} files to read, that is not the checkout')
        return 2
    passed, failed = (sum(pair) for pair in zip(check_samples(), check_tree(files)))
    print(f'{len(files)} files, {len(RULES + sources.RULES)} rules')
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
