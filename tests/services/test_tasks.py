"""Tasks, with the backends for development."""

import pickle

import pytest

from django.tasks import TaskResultStatus, task, task_backends
from django.tasks.exceptions import InvalidTask, TaskResultDoesNotExist
from django.test.utils import override_settings

TASKS = {
    "default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"},
    "kept": {"BACKEND": "django.tasks.backends.dummy.DummyBackend", "QUEUES": []},
}


@task
def double(number):
    return number * 2


@task
def fail():
    raise LookupError("gone")


@task(takes_context=True)
def attempt(context):
    return context.attempt


def outside():
    return None


def test_immediate_runs_at_once():
    result = double.enqueue(21)
    assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, 42)
    assert attempt.enqueue().return_value == 1


def test_failures_are_kept_not_raised():
    result = fail.enqueue()
    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class is LookupError
    with pytest.raises(ValueError, match="Task failed"):
        result.return_value  # noqa: B018


@override_settings(TASKS=TASKS)
def test_dummy_keeps_and_forgets():
    kept = double.using(backend="kept", queue_name="any")
    result = kept.enqueue(1)
    assert not result.is_finished
    assert kept.get_result(result.id) == result
    assert pickle.loads(pickle.dumps(result)) == result
    task_backends["kept"].clear()
    with pytest.raises(TaskResultDoesNotExist):
        kept.get_result(result.id)


def test_what_cannot_be_run_is_refused():
    with pytest.raises(InvalidTask, match="module level"):
        task(lambda: None)
    with pytest.raises(InvalidTask, match="whole number"):
        double.using(priority=1000)
    with pytest.raises(InvalidTask, match="'context'"):
        task(takes_context=True)(outside)
    with pytest.raises(TypeError, match="Unsupported type"):
        double.enqueue(object())
