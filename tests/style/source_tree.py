"""The files of a checkout, and their lines with comments and texts blanked out."""

import os
import subprocess

CODE = ('.h', '.cpp')
TEXT = CODE + ('.py', '.sh', '.ts', '.js', '.mjs', '.css', '.html', '.fbs', '.build', '.md', '.txt',
               '.json', '.yaml', '.yml', '.toml', '.wrap')
SKIPPED = ('.git', 'node_modules', 'dist', '__pycache__')


class SourceFile:
    """One file: its path from the root of the checkout, with slashes, and what it says."""

    def __init__(self, path, text):
        self.path = path
        self.lines = text.split('\n')
        self.is_code = path.endswith(CODE)
        self.code_lines = blank(text).split('\n') if self.is_code else []

    @property
    def name(self):
        return self.path.rsplit('/', 1)[-1]


def blank(text):
    """Code with comments, texts and characters replaced by spaces; lines stay where they were.

    Include directives keep the text between their quotes.
    """
    out = []
    at = 0
    while at < len(text):
        two = text[at:at + 2]
        if two == '//':
            end = text.find('\n', at)
        elif two == '/*':
            end = text.find('*/', at + 2)
            end = end + 2 if end >= 0 else -1
        elif text.startswith('R"', at):
            close = ')' + text[at + 2:text.index('(', at)] + '"'
            end = text.find(close, at)
            end = end + len(close) if end >= 0 else -1
        elif text[at] == '"' and not on_include_line(text, at):
            end = end_of_literal(text, at)
        elif text[at] == "'" and not (at > 0 and text[at - 1].isalnum()):  # 1'000 is a number
            end = end_of_literal(text, at)
        else:
            out.append(text[at])
            at += 1
            continue
        end = len(text) if end < 0 else end
        out.append(''.join('\n' if c == '\n' else ' ' for c in text[at:end]))
        at = end
    return ''.join(out)


def on_include_line(text, at):
    return text[text.rfind('\n', 0, at) + 1:at].lstrip().startswith('#include')


def end_of_literal(text, at):
    end = at + 1
    while end < len(text) and text[end] != text[at] and text[end] != '\n':
        end += 2 if text[end] == '\\' else 1
    return min(end + 1, len(text))


def paths_of(root):
    """What git knows of or would add; every file where there is no git, as in a release."""
    listed = subprocess.run(
        ['git', '-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if listed.returncode == 0:
        return sorted(set(listed.stdout.decode().split('\0')) - {''})
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in SKIPPED and not f.startswith('build')]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted(found)


def read_tree(root):
    files = []
    for path in paths_of(root):
        full = os.path.join(root, path)
        is_text = path.endswith(TEXT) or path.startswith('script/') or path == '.ci/run'
        if is_text and os.path.isfile(full):
            with open(full, encoding='utf-8') as file:
                files.append(SourceFile(path, file.read()))
    return files
