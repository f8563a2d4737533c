"""Placeholder text. Manual: ref/templates/builtins, the ``lorem`` tag."""

import random
from collections.abc import Iterator
from itertools import islice

COMMON_P = (
    "Lorem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod tempor incididunt "
    "ut labore et dolore magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco "
    "laboris nisi ut aliquip ex ea commodo consequat. Duis aute irure dolor in reprehenderit in "
    "voluptate velit esse cillum dolore eu fugiat nulla pariatur. Excepteur sint occaecat "
    "cupidatat non proident, sunt in culpa qui officia deserunt mollit anim id est laborum."
)

# From Cicero, "De finibus bonorum et malorum", book 1, sections 32 and 33.
WORDS = tuple(
    sorted(
        set(
            """
            sed ut perspiciatis unde omnis iste natus error sit voluptatem accusantium doloremque
            laudantium totam rem aperiam eaque ipsa quae ab illo inventore veritatis et quasi
            architecto beatae vitae dicta sunt explicabo nemo enim ipsam quia voluptas aspernatur
            aut odit fugit consequuntur magni dolores eos qui ratione sequi nesciunt neque porro
            quisquam est dolorem ipsum dolor amet consectetur adipisci velit non numquam eius modi
            tempora incidunt labore dolore magnam aliquam quaerat ad minima veniam quis nostrum
            exercitationem ullam corporis suscipit laboriosam nisi aliquid ex ea commodi
            consequatur autem vel eum iure reprehenderit in voluptate esse quam nihil molestiae
            illum quo nulla pariatur at vero accusamus iusto odio dignissimos ducimus blanditiis
            praesentium voluptatum deleniti atque corrupti quos quas molestias excepturi sint
            obcaecati cupiditate provident similique culpa officia deserunt mollitia animi id
            laborum dolorum fuga harum quidem rerum facilis expedita distinctio nam libero tempore
            cum soluta nobis eligendi optio cumque impedit minus quod maxime placeat facere
            possimus assumenda repellendus temporibus quibusdam officiis debitis necessitatibus
            saepe eveniet voluptates repudiandae recusandae itaque earum hic tenetur sapiente
            delectus reiciendis voluptatibus maiores alias perferendis doloribus asperiores
            repellat
            """.split()
        )
    )
)

COMMON_WORDS = tuple(COMMON_P.lower().replace(",", "").split(maxsplit=19)[:19])
COMMON_WORDS = tuple(word.rstrip(".") for word in COMMON_WORDS)


def sentence() -> str:
    """Return a random sentence of one to five parts between commas."""
    parts = [
        " ".join(random.sample(WORDS, random.randint(3, 12))) for _ in range(random.randint(1, 5))
    ]
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}{random.choice('?.')}"


def paragraph() -> str:
    """Return a paragraph of one to four random sentences."""
    return " ".join([sentence() for _ in range(random.randint(1, 4))])


def paragraphs(count: int, common: bool = True) -> list[str]:
    """Return ``count`` paragraphs; with ``common`` the first is the well-known one."""
    return [COMMON_P if common and number == 0 else paragraph() for number in range(count)]


def words(count: int, common: bool = True) -> str:
    """Return ``count`` words; with ``common`` they start with the nineteen well-known ones.

    With ``common`` a negative count leaves out that many of those nineteen.
    """
    start = list(COMMON_WORDS) if common else []
    if count < len(start):
        return " ".join(start[:count])
    return " ".join([*start, *islice(_endless(), count - len(start))])


def _endless() -> Iterator[str]:
    # A sample of all words before any comes again.
    while True:
        yield from random.sample(WORDS, len(WORDS))
