"""What holds for the tree as a whole: each rule takes all files and yields path, line, what."""

import posixpath
import re

NAMED = re.compile(r"'([^']+\.cpp)'")
WORD = re.compile(r"'(\w+)'")


def built(files):
    """Every source file is named in a meson.build."""
    sources = set()
    for file in files:
        if file.name != 'meson.build':
            continue
        text, here = '\n'.join(file.lines), posixpath.dirname(file.path)
        names = NAMED.findall(text)
        if "+ '.cpp'" in text:  # a list of names without their ending
            names += [word + '.cpp' for word in WORD.findall(text)]
        sources |= {posixpath.normpath(posixpath.join(here, name)) for name in names}
    for file in files:
        if file.path.endswith('.cpp') and file.path not in sources:
            yield file.path, 1, 'nothing builds it'


RULES = [built]

# Rule, files as path and text, the paths it names.
SAMPLES = [
    (built, {'a/meson.build': "x('b.cpp', '../c/d.cpp')", 'a/b.cpp': '', 'c/d.cpp': ''}, []),
    (built, {'a/meson.build': "x('b.cpp')", 'c/b.cpp': ''}, ['c/b.cpp']),
    (built, {'a/meson.build': "foreach x : ['b'] y(x + '.cpp')", 'a/b.cpp': '', 'a/c.cpp': ''},
     ['a/c.cpp']),
]
