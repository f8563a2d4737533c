"""The archive of advisories: each has a test that bears its number, or a reason why there is none.

Manual: "Archive of security issues", and the notes of releases that came after it was written. A new
release of Django adds its numbers to ``ARCHIVE``; this module fails until each of them has a home.
"""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

ARCHIVE = """
    2007-0404 2007-0405 2007-5712 2008-2302 2008-3909 2009-2659 2009-3695 2010-3082 2010-4534
    2010-4535 2011-0696 2011-0697 2011-0698 2011-4136 2011-4137 2011-4138 2011-4139 2011-4140
    2012-3442 2012-3443 2012-3444 2012-4520 2013-0305 2013-0306 2013-1443 2013-1664 2013-1665
    2013-4249 2013-4315 2013-6044 2014-0472 2014-0473 2014-0474 2014-0480 2014-0481 2014-0482
    2014-0483 2014-1418 2014-3730 2015-0219 2015-0220 2015-0221 2015-0222 2015-2241 2015-2316
    2015-2317 2015-3982 2015-5143 2015-5144 2015-5145 2015-5963 2015-5964 2015-8213 2016-2048
    2016-2512 2016-2513 2016-6186 2016-7401 2016-9013 2016-9014 2017-7233 2017-7234 2017-12794
    2018-6188 2018-7536 2018-7537 2018-14574 2018-16984 2019-3498 2019-6975 2019-11358
    2019-12308 2019-12781 2019-14232 2019-14233 2019-14234 2019-14235 2019-19118 2019-19844
    2020-7471 2020-9402 2020-13254 2020-13596 2020-24583 2020-24584 2021-3281 2021-23336
    2021-28658 2021-31542 2021-32052 2021-33203 2021-33571 2021-35042 2021-44420 2021-45115
    2021-45116 2021-45452 2022-22818 2022-23833 2022-28346 2022-28347 2022-34265 2022-36359
    2022-41323 2023-23969 2023-24580 2023-31047 2023-36053 2023-41164 2023-43665 2023-46695
    2024-24680 2024-27351 2024-38875 2024-39329 2024-39330 2024-39614 2024-41989 2024-41990
    2024-41991 2024-42005 2024-45230 2024-45231 2024-53907 2024-53908 2024-56374 2025-13372
    2025-13473 2025-14550 2025-26699 2025-27556 2025-32873 2025-48432 2025-57833 2025-59681
    2025-59682 2025-64458 2025-64459 2025-64460 2026-1207 2026-1285 2026-1287 2026-1312
    2026-3902 2026-4277 2026-4292 2026-5766 2026-6873 2026-6907 2026-7666 2026-8404 2026-15307
    2026-15337 2026-15830 2026-15920 2026-25673 2026-25674 2026-33033 2026-33034 2026-35192
    2026-35193 2026-48587 2026-48588 2026-53877 2026-53878 2026-77050 2026-84429 2026-87890
    2026-87975 2026-108147 2026-111211 2026-111362 2026-113593 2026-113733 2026-114582
""".split()

#: Entries of the archive that have no number, by date, and the tests that keep them.
UNNUMBERED = {
    "2012-12-10 (1), Host headers": "security/test_http.py::test_cve_2012_4520",
    "2012-12-10 (2), redirects": "security/test_http.py::test_cve_2017_7233",
    "2013-02-19, Host headers": "security/test_http.py::test_cve_2012_4520",
}

#: By the file of the tests, below ``tests``.
TESTED = {
    "admin/test_admin_advisories.py": """
        2008-2302 2008-3909 2010-4534 2013-0305 2014-0483 2015-2241 2016-2048 2016-6186
        2018-16984 2019-11358 2019-12308 2019-19118 2020-13596 2021-33203 2026-4277
        2026-4292 2026-15920 2026-113733
    """,
    "auth/test_auth_advisories.py": """
        2021-45115
    """,
    "security/test_accounts.py": """
        2007-0405 2010-4535 2013-1443 2014-0482 2016-2513 2018-6188 2019-19844
        2024-39329 2024-45231 2025-13473 2025-27556
    """,
    "security/test_files_and_text.py": """
        2007-0404 2011-0697 2011-0698 2011-4137 2011-4138 2013-4249 2013-4315 2014-0481
        2015-5144 2015-8213 2017-12794 2020-24583 2020-24584 2021-3281 2021-28658
        2021-31542 2021-32052 2021-33571 2021-45452 2022-22818 2024-39330 2025-59682
        2026-7666 2026-25674 2026-53878 2026-87975
    """,
    "security/test_http.py": """
        2010-3082 2011-0696 2011-4136 2011-4139 2011-4140 2012-3442 2012-4520 2013-6044
        2014-0472 2014-0473 2014-0480 2014-1418 2014-3730 2015-0219 2015-0220 2015-2317
        2015-3982 2015-5143 2015-5963 2015-5964 2016-2512 2016-7401 2016-9014 2017-7233
        2018-14574 2019-12781 2020-13254 2021-23336 2021-44420 2022-36359 2025-48432
        2026-3902 2026-6873 2026-6907 2026-8404 2026-35192 2026-35193 2026-48587
        2026-48588 2026-113593
    """,
    "security/test_sql.py": """
        2014-0474 2019-14234 2020-7471 2021-35042 2022-28346 2022-28347 2022-34265
        2024-42005 2024-53908 2025-13372 2025-57833 2025-59681 2025-64459 2026-1287
        2026-1312
    """,
    "security/test_time_and_memory.py": """
        2007-5712 2009-3695 2012-3443 2012-3444 2013-0306 2013-1664 2013-1665 2015-0221
        2015-0222 2015-2316 2015-5145 2018-7536 2018-7537 2019-6975 2019-14232
        2019-14233 2019-14235 2022-23833 2022-41323 2023-23969 2023-24580 2023-36053
        2023-41164 2023-43665 2023-46695 2024-24680 2024-27351 2024-38875 2024-39614
        2024-41989 2024-41990 2024-41991 2024-45230 2024-53907 2024-56374 2025-14550
        2025-26699 2025-32873 2025-64458 2025-64460 2026-1285 2026-5766 2026-15337
        2026-25673 2026-33033 2026-33034 2026-77050 2026-84429 2026-108147
    """,
    "template/test_template_advisories.py": """
        2009-2659 2021-45116
    """,
    "views/test_past_advisories.py": """
        2017-7234 2019-3498 2023-31047
    """,
}

#: By the reason why there is no test.
UNTESTED = {
    "Geographic fields (GIS) are not part of this implementation": """
        2020-9402 2026-1207 2026-15307 2026-15830 2026-53877 2026-87890 2026-111211
        2026-111362 2026-114582
    """,
    "There is no backend for Oracle": """
        2016-9013
    """,
}


def homes(table):
    """Return pairs of a number, and where it stands in a table."""
    return [(number, key) for key, numbers in table.items() for number in numbers.split()]


def marked(file):
    """Return what bears numbers in a file of tests: its functions, and the keys of its tables."""
    for node in ast.walk(ast.parse((TESTS / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("test_cve_"):
                yield node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.match(r"cve_\d{4}_\d+", node.value):
                yield node.value


def test_each_advisory_has_one_home():
    found = sorted(number for number, _ in homes(TESTED) + homes(UNTESTED))
    assert len(set(ARCHIVE)) == len(ARCHIVE)
    assert found == sorted(ARCHIVE)


@pytest.mark.parametrize("file", sorted(TESTED))
def test_tests_bear_the_numbers(file):
    numbers = {found for name in marked(file) for found in re.findall(r"\d{4}_\d{4,6}", name)}
    assert [n for n in TESTED[file].split() if n.replace("-", "_") not in numbers] == []


@pytest.mark.parametrize("entry", sorted(UNNUMBERED))
def test_entries_without_a_number_have_a_test(entry):
    file, _, name = UNNUMBERED[entry].partition("::")
    assert any(found.startswith(name) for found in marked(file))


def test_every_number_of_a_test_is_one_of_the_archive():
    """A number that is mistyped would be a test that nobody finds."""
    known = {number.replace("-", "_") for number in ARCHIVE} | {"2022_0391"}  # one of Python's
    strange = {
        (str(path.relative_to(TESTS)), number)
        for path in TESTS.rglob("*.py")
        if "cve_" in path.read_text(encoding="utf-8")
        for name in marked(path)
        for number in re.findall(r"\d{4}_\d{4,6}", name)
        if number not in known
    }
    assert strange == set()
