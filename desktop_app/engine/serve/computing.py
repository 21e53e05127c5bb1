"""On what a service computes, as its options say."""

import argparse
import importlib.util
import os

from desktop_app.engine.backends.thread_settings import environment
from desktop_app.engine.jobs_runner.launching import Launch, Launcher
from desktop_app.engine.machine import Machine
from desktop_app.engine.serve.starting import Exit, StartError
from desktop_app.engine.threads import usable_threads


def computing(options: argparse.Namespace) -> Machine:
    """Return the machine. Raises StartError."""
    threads = options.threads or usable_threads()
    os.environ.update(environment(threads))
    # Not before: NumPy reads the variables when it is imported.
    from desktop_app.engine.backends.choose import Choice, backends  # noqa: PLC0415
    from desktop_app.engine.backends.torch_models.facts import lacking  # noqa: PLC0415

    # Only torch trains by several processes.
    choice: Choice = "torch" if options.launcher is not Launcher.PLAIN else options.backend
    missing = missing_package(options.launcher)
    if missing is None and choice == "torch":
        missing = lacking()
    if missing is not None:
        raise StartError(Exit.OPTIONS, f"The package {missing} is not installed.")
    return Machine(backends(choice, options.device, threads), threads, team=options.threads)


def launch(options: argparse.Namespace) -> Launch:
    """Return how workers are started."""
    config = options.accelerate_config
    return Launch(
        launcher=options.launcher,
        processes=options.processes,
        config=None if config is None else str(config.absolute()),
        ray_address=options.ray_address or "auto",
        on_cpu=options.device == "cpu",
    )


def missing_package(launcher: Launcher) -> str | None:
    """Name the package that a launcher needs and that is not installed."""
    if launcher is Launcher.PLAIN or importlib.util.find_spec(launcher.value) is not None:
        return None
    return launcher.value
