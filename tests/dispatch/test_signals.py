"""Signals: receivers that go away, that fail, that are coroutines."""

import asyncio
import gc

import pytest

from django.dispatch import Signal, receiver


class Sender:
    """Something that sends."""


@pytest.mark.parametrize("use_caching", [False, True])
def test_receivers_are_held_weakly(use_caching):
    signal, seen = Signal(use_caching=use_caching), []

    class Listener:
        def hear(self, **kwargs):
            seen.append(kwargs["number"])

    listener = Listener()
    signal.connect(listener.hear)
    signal.send(Sender, number=1)
    del listener
    gc.collect()
    assert signal.send(Sender, number=2) == [] and seen == [1]
    assert not signal.has_listeners(Sender)


@pytest.mark.parametrize("use_caching", [False, True])
def test_senders_are_told_apart(use_caching):
    signal = Signal(use_caching=use_caching)

    @receiver(signal, sender=Sender)
    def hears_one(**kwargs):
        return "one"

    @receiver(signal)
    def hears_all(**kwargs):
        return "all"

    assert [answer for _, answer in signal.send(Sender)] == ["one", "all"]
    assert [answer for _, answer in signal.send(str)] == ["all"]
    assert signal.disconnect(hears_all) and not signal.disconnect(hears_all)
    assert [answer for _, answer in signal.send(Sender)] == ["one"]


def test_a_name_is_connected_once():
    signal = Signal()
    first, second = (lambda **kwargs: 1), (lambda **kwargs: 2)
    signal.connect(first, dispatch_uid="name")
    signal.connect(second, dispatch_uid="name")
    assert [answer for _, answer in signal.send(None)] == [1]
    assert signal.disconnect(dispatch_uid="name")


def test_robust_sending_gives_errors_as_answers(caplog):
    signal = Signal()

    def fails(**kwargs):
        raise ValueError("no")

    signal.connect(fails)
    ((_, error),) = signal.send_robust(None)
    assert isinstance(error, ValueError) and "fails" in caplog.text
    with pytest.raises(ValueError, match="no"):
        signal.send(None)


def test_coroutines_and_functions_answer_both_ways():
    signal = Signal()

    async def slow(**kwargs):
        await asyncio.sleep(0)
        return "slow"

    def quick(**kwargs):
        return "quick"

    signal.connect(slow)
    signal.connect(quick)
    assert {answer for _, answer in signal.send(None)} == {"slow", "quick"}
    assert {answer for _, answer in asyncio.run(signal.asend(None))} == {"slow", "quick"}


def test_receivers_must_take_what_comes(settings_override):
    with settings_override(DEBUG=True), pytest.raises(ValueError, match="keyword arguments"):
        Signal().connect(lambda: None)
    with settings_override(DEBUG=True), pytest.raises(TypeError, match="callable"):
        Signal().connect("text")
