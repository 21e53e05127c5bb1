"""The array type of the arithmetic: float32 in use, float64 where tests check gradients."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
