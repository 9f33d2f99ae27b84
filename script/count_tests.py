"""Adds up the test cases in meson's JSON logs; says which tests failed; exits 1 if any did.

A test that reports no count of its own, or that crashed before it did, counts as one.
"""

import json
import re
import sys

COUNTS = [
    re.compile(r"\[doctest\] test cases: *\d+ \| *(\d+) passed \| *(\d+) failed"),
    re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE),
    re.compile(r"^# pass (\d+)\n# fail (\d+)", re.MULTILINE),  # node's TAP
]


def count(test):
    output = test.get("stdout", "")
    passed = failed = 0
    for pattern in COUNTS:
        for match in pattern.finditer(output):
            passed += int(match.group(1))
            failed += int(match.group(2))
    if test["result"] not in ("OK", "EXPECTEDFAIL", "SKIP"):
        failed = max(failed, 1)
    elif passed + failed == 0:
        passed = 1
    return passed, failed


def main(logs):
    total_passed = total_failed = 0
    for log in logs:
        with open(log, encoding="utf-8") as lines:
            for line in lines:
                test = json.loads(line)
                passed, failed = count(test)
                total_passed += passed
                total_failed += failed
                mark = "ok    " if failed == 0 else "FAILED"
                print(f"{mark} {test['name']}: {passed} passed, {failed} failed, "
                      f"{test['duration']:.1f} s")
    if total_passed + total_failed == 0:
        print("no test ran")
        return 1
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if total_failed else 0


sys.exit(main(sys.argv[1:]))
