"""The game server as its viewers see it: game_loop.py BINARY"""

import json
import signal
import sys
import time

sys.dont_write_bytecode = True  # the sources stay as they are

from checks import named, run_checks  # noqa: E402
from smoke import Program, Stream, expect  # noqa: E402

TICKS = 60  # in a second
SMALL = 2048  # bytes that a viewer's kernel takes for it
STALE = 32  # states that the kernels of both sides may hold for it

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class Viewer(Stream):
    def __init__(self, program, *topics, **options):
        query = "&".join(f"topic={topic}" for topic in topics)
        super().__init__(program, f"/events?{query}", **options)

    def next(self, kind=None):
        """The next event, or the next of a type; None at the stream's proper end."""
        while block := self.read_event():
            fields = dict(line.split(": ", 1) for line in block)
            expect(fields["event"] != "crier.gap", f"a gap: {fields}")
            if kind in (None, fields["event"]):
                return {**json.loads(fields["data"]), "type": fields["event"]}
        return None

    def tick(self):
        return self.next("world")["tick"]


@check
def each_room_has_a_game_of_its_own(binary):
    with Program(binary, "--rooms", "3", "--game-threads", "2") as program:
        expect(program.ask("GET", "/events?topic=room/4")[0] == 404, "a room that there is not")
        with Viewer(program, "rooms") as lobby:
            news = [lobby.next("room") for _ in range(3)]
            expect({each["room"] for each in news} == {1, 2, 3}, f"{news}")
            expect({each["thread"] for each in news} == {0, 1}, f"{news}")
        with Viewer(program, "room/1") as one, Viewer(program, "room/2") as two:
            expect(one.next("world")["ships"] != two.next("world")["ships"], "the same game")


@check
def viewers_come_and_go_and_the_others_watch_on(binary):
    with Program(binary) as program, Viewer(program, "room/1", "timing") as stays:
        leaving = [Viewer(program, f"room/{number}") for number in (1, 1, 2)]
        for each in leaving:
            each.tick()
        while stays.next("timing")["streams"] < 4:
            pass
        for each in leaving:
            each.__exit__()
        while stays.next("timing")["streams"] > 2:  # this one and the slow viewer
            pass
        first = stays.tick()
        ticks = [stays.tick() for _ in range(TICKS)]
        expect(sorted(set(ticks)) == ticks and ticks[0] > first, f"out of order: {ticks}")


@check
def a_viewer_that_stalls_sees_a_fresh_state_when_it_reads_on(binary):
    with Program(binary) as program, Viewer(program, "room/1") as live:
        with Viewer(program, "room/1", receive_buffer=SMALL) as stalled:
            last = stalled.tick()
            while (now := live.tick()) < last + 5 * TICKS:
                pass
            old = 0
            while stalled.tick() < now:
                old += 1
            expect(old < STALE, f"{old} states were older than the pause")


@check
def the_slow_viewer_does_not_fall_behind(binary):
    with Program(binary) as program, Viewer(program, "slow") as slow:
        ages = []
        while len(ages) < 100:
            event = slow.next("slow")
            ages.append(event["seen"] - event["time"])
        expect(min(ages) >= 0, f"{ages}")
        expect(max(ages[50:]) < 3000, f"older and older: {ages}")


def last_events(viewer):
    """What a viewer gets until its stream ends in order."""
    events = []
    while event := viewer.next():
        events.append(event)
    return events


@check
def a_room_ends_with_its_game_and_opens_anew_for_the_next(binary):
    options = "--rooms", "1", "--game", "1", "--pause", "2"
    with Program(binary, *options) as program, Viewer(program, "rooms") as lobby:
        with Viewer(program, "room/1") as viewer:
            *states, won = last_events(viewer)
        expect(all(each["type"] == "world" for each in states), f"{states}")
        expect(won["type"] == "won" and won["winner"] in range(4), f"{won}")
        expect(states[-1]["left"] == 0, f"{states[-1]}")
        while (news := lobby.next("room"))["winner"] is None:
            pass
        expect(news["game"] == won["game"] and news["winner"] == won["winner"], f"{news}, {won}")
        status = program.ask("GET", "/events?topic=room/1")[0]
        expect(status == 204, f"a reconnect gets {status}")
        news = lobby.next("room")
        expect(news["game"] == won["game"] + 1 and news["winner"] is None, f"{news}")
        with Viewer(program, "room/1") as viewer:
            first = viewer.next()
            expect(first["type"] == "world", f"something of the last game: {first}")
            expect(first["tick"] < states[-1]["tick"], f"{first}")


@check
def a_viewer_that_stalls_learns_later_who_has_won(binary):
    options = "--rooms", "1", "--game", "4", "--pause", "60"
    with Program(binary, *options) as program, Viewer(program, "rooms") as lobby:
        with Viewer(program, "room/1", receive_buffer=SMALL) as stalled:
            stalled.tick()
            while (news := lobby.next("room"))["winner"] is None:
                pass
            *states, last, won = last_events(stalled)
        expect(len(states) < STALE, f"{len(states)} old states")
        expect(last["left"] == 0, f"not the newest: {last}")
        expect(won["type"] == "won" and won["winner"] == news["winner"], f"{won}")


@check
def sigterm_ends_it_with_a_stalled_stream_too(binary):
    with Program(binary) as program, Viewer(program, "room/1", "timing") as live:
        with Viewer(program, "room/1", receive_buffer=SMALL) as stalled:
            first = stalled.tick()
            while live.tick() < first + 2 * TICKS:
                pass
            program.end(signal.SIGTERM)
            last_events(live)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    return run_checks(named(check, sys.argv[1]) for check in CHECKS)


if __name__ == "__main__":
    sys.exit(main())
