"""The checker beside the real xl's answers, recorded by tests/xen/test_config_check.py: no Xen is needed here."""

import json
from pathlib import Path

from xlcfg_corpus import cases
from xlcfg_verdict import disagreement

RECORD = json.loads(Path(__file__).with_name("xl_answers.json").read_text())


def test_the_checker_agrees_with_xl() -> None:
    wrong = [says for status, text in RECORD["answers"] if (says := disagreement(text, status))]
    assert not wrong, f"{len(wrong)} of {len(RECORD['answers'])}, as {RECORD['xl']} answers:\n" + "\n".join(wrong[:5])


def test_the_record_is_of_the_corpus_and_of_many_more() -> None:
    asked = {text for _status, text in RECORD["answers"]}
    missing = [case.line for case in cases() if case.text not in asked]
    assert not missing, f"xl was not asked about corpus.txt, lines {missing}: see tests/xen/test_config_check.py"
    assert len(RECORD["answers"]) > 1000
    assert RECORD["xl"].startswith("4.20")
    assert 300 < sum(status != 0 for status, _text in RECORD["answers"]) < len(asked) - 300
