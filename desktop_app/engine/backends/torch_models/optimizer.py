"""AdamW as the NumPy back end has it (numpy_llama/optimizer.py), on any device."""

import torch
from torch import Tensor
from torch.optim.adamw import adamw

from desktop_app.engine.backends.arrays import Array
from desktop_app.engine.backends.checkpoint import OptimizerState
from desktop_app.engine.backends.numpy_llama.optimizer import AdamW as NumpyAdamW


class AdamW:
    """Holds the moments of one flat vector of parameters, and its steps."""

    def __init__(self, parameters: Tensor) -> None:
        self.parameters = parameters
        self.first_moment = torch.zeros_like(parameters)
        self.second_moment = torch.zeros_like(parameters)
        self.steps = 0

    def step(self, gradient: Tensor, learning_rate: float) -> None:
        """Do one step."""
        settings = NumpyAdamW
        self.steps += 1
        with torch.no_grad():
            adamw(
                [self.parameters],
                [gradient],
                [self.first_moment],
                [self.second_moment],
                [],
                [torch.tensor(float(self.steps - 1), device=self.parameters.device)],
                fused=True,
                amsgrad=False,
                beta1=settings.beta_1,
                beta2=settings.beta_2,
                lr=learning_rate,
                weight_decay=0.0,
                eps=settings.epsilon,
                maximize=False,
            )

    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return all that changes but the number of steps."""
        return self.parameters, self.first_moment, self.second_moment


class HostState(OptimizerState):
    """An optimizer's state as arrays: the numbers themselves on a processor, else a copy."""

    def __init__(self, optimizer: AdamW) -> None:
        arrays: list[Array] = [tensor.cpu().numpy() for tensor in optimizer.tensors()]
        self.parameters, self.first_moment, self.second_moment = arrays
        self.steps = optimizer.steps

    def put_into(self, optimizer: AdamW) -> None:
        """Give the optimizer these numbers."""
        arrays = (self.parameters, self.first_moment, self.second_moment)
        for tensor, array in zip(optimizer.tensors(), arrays, strict=True):
            tensor.copy_(torch.from_numpy(array))
        optimizer.steps = self.steps


def clip_norm(gradient: Tensor, limit: float = 1.0) -> None:
    """Scale the gradient down to the Euclidean norm `limit` where it is longer."""
    norm = float(torch.linalg.vector_norm(gradient))
    if norm > limit:
        gradient.mul_(limit / norm)
