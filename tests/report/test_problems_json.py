"""Problems as programs read them."""

from __future__ import annotations

from bulkplan.errors import Location, Problem
from bulkplan.report.problems_json import problems_document


def test_the_document_has_the_promised_shape():
    problem = Problem("unknown key nam", "did you mean name?", at=Location("specs/a.yaml", 2, 1, 4, "nam: x"))
    document = problems_document(n_files=2, n_specs=1, problems=(problem,), warnings=(Problem("no project_id"),))
    assert document == {
        "format_version": "1.0",
        "files": 2,
        "specs": 1,
        "problems": [
            {
                "file": "specs/a.yaml",
                "line": 2,
                "column": 1,
                "end_column": 4,
                "severity": "error",
                "message": "unknown key nam",
                "hint": "did you mean name?",
            },
            {
                "file": None,
                "line": None,
                "column": None,
                "end_column": None,
                "severity": "warning",
                "message": "no project_id",
                "hint": None,
            },
        ],
    }
