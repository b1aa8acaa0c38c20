"""Which language a person reads best, by a header that a stranger may have written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from guardhouse.templates.language import best_language, direction

OFFERED = ("en", "de", "pt-BR", "zh-Hant")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        pytest.param("", "en", id="nothing said"),
        pytest.param("de", "de", id="one"),
        pytest.param("DE", "de", id="in capitals"),
        pytest.param("de-AT,de;q=0.9,en;q=0.5", "de", id="a country's falls back to the language"),
        pytest.param("fr,de;q=0.5", "de", id="the first that is there"),
        pytest.param("en;q=0.5,de;q=0.9", "de", id="by weight, not by place"),
        pytest.param("de;q=0.5,en;q=0.5", "de", id="of equal weight the first"),
        pytest.param("pt", "pt-BR", id="a shorter tag takes a longer one"),
        pytest.param("pt-PT", "en", id="but no other country's"),
        pytest.param("zh-hant-tw", "zh-Hant", id="script and country"),
        pytest.param("fr", "en", id="nothing of it is there"),
        pytest.param("*", "en", id="anything"),
        pytest.param("en;q=0,*", "de", id="anything but the default"),
        pytest.param("en;q=0,de;q=0.000,pt-BR;q=0,zh-Hant;q=0", "en", id="nothing at all"),
        pytest.param("de;q=0,fr", "en", id="what is refused is not taken"),
        pytest.param("de ; q=0.3 , pt-BR", "pt-BR", id="blanks"),
        pytest.param("de;q=2,pt-BR", "pt-BR", id="a weight beyond one is passed over"),
        pytest.param("de;q=nan,pt-BR", "pt-BR", id="a weight that is no number"),
        pytest.param("de;level=1,pt-BR", "pt-BR", id="another parameter"),
        pytest.param("../de,pt-BR", "pt-BR", id="a path"),
        pytest.param("\r\n,\0,;;;,,=", "en", id="rubbish"),
        pytest.param("x" * 600 + ",de", "en", id="no more than so much is read"),
    ],
)
def test_the_best_language(header: str, language: str):
    assert best_language(header, OFFERED) == language


@given(some.text(max_size=80))
def test_whatever_the_header_says_the_answer_is_one_of_ours(header: str):
    assert best_language(header, OFFERED) in OFFERED


@pytest.mark.parametrize(
    ("language", "where"), [("en", "ltr"), ("ar", "rtl"), ("he-IL", "rtl"), ("arn", "ltr")]
)
def test_where_lines_begin(language: str, where: str):
    assert direction(language) == where
