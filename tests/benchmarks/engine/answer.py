"""How a child answers. Imports nothing of the project: the baselines run without it."""

import json
import resource
import sys
from collections.abc import Callable
from typing import Any


def serve(measure: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Measure what the request on the command line asks for, and print it with the peak memory."""
    found = measure(json.loads(sys.argv[1]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    print(json.dumps(found | {"peak_mb": peak / unit}))
