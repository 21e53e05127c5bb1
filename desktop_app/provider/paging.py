"""Reading the lists of services, page by page."""

from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Protocol, TypeVar

from desktop_app.provider.provider import ProviderError

PAGE = 100


class HasId(Protocol):
    """Whatever is listed."""

    @property
    def id(self) -> str:
        """What the next page is asked for by."""
        ...


T = TypeVar("T", bound=HasId)


async def each(items: AsyncIterable[object], convert: Callable[[object], T]) -> AsyncIterator[T]:
    """Yield the converted items of all pages, in the service's order (newest first).

    An item of no use is left out, and a service that knows no paging and sends the same page
    again and again is not asked a third time.
    """
    seen: set[str] = set()
    async for item in items:
        try:
            converted = convert(item)
        except ProviderError:
            continue
        if converted.id in seen:
            return
        seen.add(converted.id)
        yield converted
