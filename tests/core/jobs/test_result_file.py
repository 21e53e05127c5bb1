from pathlib import Path

import pytest

from desktop_app.core.jobs.job import Metrics
from desktop_app.core.jobs.result_file import parse_result_file

REAL = Path(__file__).parents[4] / "shared" / "reference" / "inputs" / "ishidahra01_results.csv"


def test_openai_columns() -> None:
    found = parse_result_file(
        b"step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n1,2.5,0.5,,\n"
    )
    assert found == [Metrics(step=1, train_loss=2.5, train_mean_token_accuracy=0.5)]


def test_azure_columns_with_minus_one_for_nothing() -> None:
    head = (
        b"step,train_loss,train_mean_token_accuracy,valid_loss,validation_mean_token_accuracy,"
        b"full_valid_loss,full_valid_mean_token_accuracy\r\n"
    )
    found = parse_result_file(head + b"1,2,0.4,-1,-1,-1,-1\r\n2,1,0.6,1.5,0.7,1.4,0.8\r\n")
    assert found == [
        Metrics(step=1, train_loss=2, train_mean_token_accuracy=0.4),
        Metrics(
            step=2,
            train_loss=1,
            train_mean_token_accuracy=0.6,
            valid_loss=1.5,
            valid_mean_token_accuracy=0.7,
            full_valid_loss=1.4,
            full_valid_mean_token_accuracy=0.8,
        ),
    ]


def test_a_byte_order_mark_and_steps_out_of_order() -> None:
    found = parse_result_file(b"\xef\xbb\xbfstep,train_loss\n3,1.0\n1.0,2.0\n")
    assert [metrics.step for metrics in found] == [1, 3]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe",
        b"<html>Not found</html>",
        b"c3RlcCx0cmFpbl9sb3Nz",
        b"step,train_loss\n",
        b"step,train_loss\nx,1\n-3,1\n,1\nnan,1\n4,\n5,inf\n",
        b"loss\n1\n",
        b'step,train_loss\n1,"2' + b"x" * 200_000,
    ],
)
def test_what_is_no_result_file_is_empty(content: bytes) -> None:
    assert parse_result_file(content) == []


@pytest.mark.skipif(not REAL.exists(), reason="the reference inputs are not here")
def test_a_real_result_file() -> None:
    found = parse_result_file(REAL.read_bytes())
    assert len(found) == 126
    assert found[0].valid_loss == pytest.approx(1.711, abs=1e-3)
    assert found[1].valid_loss is None
