import pytest

from desktop_app.state.connections.service_address import AddressProblem, problem_with


@pytest.mark.parametrize(
    "address",
    [
        "https://api.openai.com/v1",
        "https://res.openai.azure.com/openai/v1/",
        "https://10.0.0.7:8443/v1",
        "http://127.0.0.1:8000/v1",
        "http://localhost:11434/v1",
        "http://[::1]:8000/v1",
        "http://127.8.8.8/v1",
    ],
)
def test_addresses_that_are_taken(address: str) -> None:
    assert problem_with(address) is None


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("", AddressProblem.NOT_AN_ADDRESS),
        ("api.example.com/v1", AddressProblem.NOT_AN_ADDRESS),
        ("ftp://example.com/v1", AddressProblem.NOT_AN_ADDRESS),
        ("file:///etc/passwd", AddressProblem.NOT_AN_ADDRESS),
        ("https://", AddressProblem.NOT_AN_ADDRESS),
        ("https://exa mple.com/v1", AddressProblem.NOT_AN_ADDRESS),
        ("https://example.com:99999/v1", AddressProblem.NOT_AN_ADDRESS),
        ("https://[::1/v1", AddressProblem.NOT_AN_ADDRESS),
        ("https://example.com/v1?key=secret", AddressProblem.NOT_AN_ADDRESS),
        ("https://example.com/v1#part", AddressProblem.NOT_AN_ADDRESS),
        ("https://user:secret@example.com/v1", AddressProblem.NOT_AN_ADDRESS),
        ("http://example.com/v1", AddressProblem.NOT_ENCRYPTED),
        ("http://192.168.1.5:8000/v1", AddressProblem.NOT_ENCRYPTED),
        ("http://localhost.example.com/v1", AddressProblem.NOT_ENCRYPTED),
        ("http://127.0.0.1.example.com/v1", AddressProblem.NOT_ENCRYPTED),
        ("http://0.0.0.0:8000/v1", AddressProblem.NOT_ENCRYPTED),
    ],
)
def test_addresses_that_are_not(address: str, problem: AddressProblem) -> None:
    assert problem_with(address) == problem
