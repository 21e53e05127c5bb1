"""Why a job cannot be started yet, and where that is mended."""

from PySide6.QtCore import QCoreApplication

from desktop_app.core.jobs.limits import LEAST_EXAMPLES, out_of_range
from desktop_app.state.connections.connections import Connections
from desktop_app.state.jobs.places import is_local
from desktop_app.state.jobs.plan import CONNECTIONS, JobPlan, Obstacle
from desktop_app.state.open_project import OpenProject


def obstacles(plan: JobPlan, open_project: OpenProject, connections: Connections) -> list[Obstacle]:
    """Return what stands in the way, the first to be mended first; empty if nothing does."""
    if not open_project.is_open:
        return [Obstacle(_tr("No project is open. Make one or open one under File."))]
    return [
        *_of_examples(open_project),
        *_of_connection(plan, connections),
        *_of_settings(plan),
    ]


def _of_examples(open_project: OpenProject) -> list[Obstacle]:
    counts, found = open_project.counts, []
    if counts.training < LEAST_EXAMPLES:
        text = _tr(
            "Training needs at least {least} conversations; this project has {training} for "
            "training and {test} held out for the test."
        ).format(least=LEAST_EXAMPLES, training=counts.training, test=counts.test)
        way = Obstacle(text, _tr("Go to Examples"), "examples")
        if counts.training + counts.test >= LEAST_EXAMPLES:
            text += " " + _tr("There are enough of them if fewer are held out.")
            way = Obstacle(text, _tr("Set the test share"), "cost")
        found.append(way)
    if counts.with_problems:
        text = _tr(
            "A service would refuse {n} of the conversations. They are marked under Examples."
        )
        if counts.with_problems == 1:
            text = _tr(
                "A service would refuse one of the conversations. It is marked under Examples."
            )
        text = text.format(n=f"{counts.with_problems:,}")
        found.append(Obstacle(text, _tr("Go to Examples"), "examples"))
    return found


def _of_connection(plan: JobPlan, connections: Connections) -> list[Obstacle]:
    profile = connections.profile(plan.connection_id)
    if profile is None:
        return [Obstacle(_tr("Choose a connection at the top right."))]
    if profile.training_closes is not None and profile.training_closes <= connections.today():
        text = _tr("{name} takes no more training jobs since {day}. Choose another connection.")
        return [Obstacle(text.format(name=profile.name, day=profile.training_closes.isoformat()))]
    if profile.needs_key and not connections.has_key(plan.connection_id):
        text = _tr("{name} needs a key.").format(name=profile.name)
        return [Obstacle(text, _tr("Enter the key"), CONNECTIONS)]
    if not plan.base_model:
        text = _tr("No model to start from is known yet.")
        if is_local(plan.connection_id):
            text = _tr("There is no model on this computer yet.")
        return [Obstacle(text, _tr("Open Connections"), CONNECTIONS)]
    return []


def _of_settings(plan: JobPlan) -> list[Obstacle]:
    if not plan.name.strip():
        return [Obstacle(_tr("Give the job a name."))]
    wrong = out_of_range(plan.hyperparameters, plan.seed)
    if wrong is None:
        return []
    names = {
        "n_epochs": _tr("The number of passes"),
        "batch_size": _tr("The batch size"),
        "seed": _tr("The seed"),
        "learning_rate_multiplier": _tr("The learning rate"),
        "beta": _tr("How near it stays (beta)"),
    }
    return [Obstacle(_tr("{setting} is outside what services take.").format(setting=names[wrong]))]


def _tr(text: str) -> str:
    return QCoreApplication.translate("job_obstacles", text)
