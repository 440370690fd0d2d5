from sessions import SMA

from openbell.bars.interval import Interval
from openbell.session.asks import AddBars, AddIndicator, AddSymbol, AskBook, operation_of

FIVE = Interval.parse("5m")
FULL, BARS = AddSymbol("X", "scanner:gap"), AddBars("X", "user", FIVE, 2)


def book() -> AskBook:
    made = AskBook()
    made.hold([FULL, BARS], 10)
    made.hold([AddSymbol("Y", "user")], 20)
    return made


def test_an_ask_is_held_since_it_was_first_made():
    made = book()

    made.hold([FULL], 30)

    assert made.of("X") == {FULL: 10, BARS: 10}
    assert made.of("Z") == {}


def test_one_owner_lets_go_of_what_is_theirs_only():
    made = book()

    gone = made.drop("X", "user")

    assert gone == (BARS,)
    assert made.of("X") == {FULL: 10}
    assert made.symbols_of("user") == ("Y",)
    assert made.symbols_of("scanner:gap") == ("X",)


def test_everybody_lets_go_at_once():
    made = book()

    assert made.drop("X") == (FULL, BARS)
    assert [ask.symbol for ask, _ in made] == ["Y"]
    assert made.drop("X") == ()


def test_what_is_held_cannot_be_changed_through_what_was_read():
    made = book()

    made.of("X").clear()

    assert len(made.of("X")) == 2


def test_asks_of_different_amounts_or_owners_are_different_asks():
    made = book()

    made.hold([AddBars("X", "user", FIVE, 3), AddBars("X", "scanner", FIVE, 2), AddIndicator("X", "user", SMA)], 40)

    assert len(made.of("X")) == 5
    assert [operation_of(ask) for ask in made.of("X")] == ["symbol", "bar", "bar", "bar", "indicator"]


def test_the_trail_tells_books_apart_by_what_was_asked_and_let_go_of():
    books = [AskBook() for _ in range(4)]
    for book in books:
        book.hold([AddSymbol("AAPL", "user")], 1)
    before = {book.trail for book in books}
    books[1].hold([AddBars("TSLA", "user", FIVE)], 2)
    books[2].hold([AddBars("TSLA", "user", FIVE, 2)], 2)
    books[3].drop("AAPL")

    after = [book.trail for book in books]

    assert len(before) == 1
    assert len(set(after)) == 4
    assert after[0] in before
