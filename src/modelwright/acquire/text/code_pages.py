# ruff: noqa: RUF001  (letters of other scripts are what is told apart)
"""The code page of old text: which one turns its bytes into words of a language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice, pairwise

from modelwright.core.deferred import Deferred

__all__ = ["common_pages", "find_page", "spoken_page"]

_charset_normalizer = Deferred("charset_normalizer")

_WEST = (
    "äöüß", "éèêëàâçîïôûùœæÿü", "áéíñóúü", "áâãàçéêíóôõúü", "àèéìòùîó", "åäöé", "æøåéóòôü",
    "áðéíóúýþæö", "éëïèêöüáóí", "äöõüšž",
)  # fmt: skip
_CENTRE = (
    "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž", "äöüß",
)  # fmt: skip
_TURKISH = ("çğıiöşüâî",)
_BALTIC = ("āčēģīķļņšūž", "ąčęėįšųūž", "äöõüšž")
_CYRILLIC = (
    "абвгдежзийклмнопрстуфхцчшщъыьэюяё", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "абвгдђежзијклљмнњопрстћуфхцчџш",
)  # fmt: skip
_GREEK = ("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",)
_HEBREW = ("אבגדהוזחטיךכלםמןנסעףפץצקרשת",)
_ARABIC = ("ءآأؤإئابةتثجحخدذرزسشصضطظعغـفقكلمنهوىيپچژگ",)
_OFTEN = "оеаинтсрвлкαοιετσνηυράίόיוהלאתרמשניבالينمرتوبةسد"  # most of the letters of any text
_SYMBOLS = "€£¥§°²³¹½¼¾–—“”„‚‘’…«»·×÷±®™©µ¿¡ªº№•†‰\u00a0"
_LONE = frozenset("àéèòóôùøåöíáаявикосуµªº")  # words of one letter
_TOGETHER = frozenset("’·–\u00a0\u00ad")  # symbols that may stand within a word
_ENDS = frozenset("םןףץςß")
# ñ and õ come before a vowel in Western words, ń and ő before anything; þ of Iceland, and not
# ş of Turkey, stands before a vowel
_NEVER = re.compile(
    r"ñ(?![aeiouáéíóú])|õ(?!e)|þ(?![aeiouyáéíóúýæöjrv])|(?<=[a-zà-ÿ])[A-ZÀ-Þ]|[םןףץς](?=\w)"
)
_WORD = re.compile(r"(?:[^\W\d_²³¹½¼¾]|(?<=\w)[’'\u00ad](?=\w))+")
_SYMBOL = re.compile(r"(?s)(?=(.)([^\w\x00-\x7f]|[²³¹½¼¾])(.))")
_ENOUGH = 0.7  # of the best score: below it the text may be Chinese, Japanese or Korean
_WIDE = re.compile(rb"[\x80-\xff]{3}")  # in Western text a plain letter comes sooner
_MOST = 1_000  # words, and as many symbols, are enough


@dataclass(frozen=True)
class _Page:
    """A code page, what it is called, and the letters beyond ASCII of languages it is used for."""

    name: str
    spoken: str
    languages: tuple[str, ...]

    @property
    def is_latin(self) -> bool:
        """Whether its languages are written in Latin letters."""
        return self.languages[0] in (_WEST[0], _CENTRE[0], _TURKISH[0], _BALTIC[0])


# Of equally good ones the first is taken.
_PAGES = (
    _Page("cp1252", "Windows-1252 (Western European)", _WEST),
    _Page("cp1250", "Windows-1250 (Central European)", _CENTRE),
    _Page("iso8859_2", "ISO 8859-2 (Central European)", _CENTRE),
    _Page("cp1254", "Windows-1254 (Turkish)", _TURKISH),
    _Page("cp1257", "Windows-1257 (Baltic)", _BALTIC),
    _Page("cp1251", "Windows-1251 (Cyrillic)", _CYRILLIC),
    _Page("koi8_r", "KOI8-R (Cyrillic)", _CYRILLIC),
    _Page("cp866", "code page 866 (Cyrillic)", _CYRILLIC),
    _Page("cp1253", "Windows-1253 (Greek)", _GREEK),
    _Page("cp1255", "Windows-1255 (Hebrew)", _HEBREW),
    _Page("cp1256", "Windows-1256 (Arabic)", _ARABIC),
    _Page("mac_roman", "Mac Roman (Western European)", _WEST),
    _Page("cp850", "code page 850 (Western European)", _WEST),
)
_SPOKEN = {page.name: page.spoken for page in _PAGES} | {
    "shift_jis": "Shift JIS (Japanese)",
    "cp932": "Shift JIS (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "euc_kr": "EUC-KR (Korean)",
    "latin_1": "ISO 8859-1 (Western European)",
    "iso8859_1": "ISO 8859-1 (Western European)",
}
_ASIAN = ["shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"]


def spoken_page(name: str) -> str:
    """Say the name of an encoding.

    Examples
    --------
    >>> spoken_page("cp1250"), spoken_page("utf-16-le")
    ('Windows-1250 (Central European)', 'UTF-16-LE')
    """
    return _SPOKEN.get(name.replace("-", "_"), name.upper())


def common_pages() -> tuple[str, ...]:
    """List the encodings that tables are met in, the most frequent first.

    Examples
    --------
    >>> common_pages()[:3]
    ('utf-8', 'utf-16', 'cp1252')
    """
    return ("utf-8", "utf-16", *_SPOKEN)


def find_page(sample: bytes) -> str:
    """Find the code page in which the words of a sample are words of one language.

    Each word with a letter beyond ASCII, and each symbol, is worth 1 where it may be written so: in
    letters of one script, all of one language, no capital behind a small letter, a currency sign
    beside a number. What cannot be so costs as much.

    Parameters
    ----------
    sample : bytes
        The surroundings of bytes beyond ASCII, in no UTF.

    Returns
    -------
    str
        As Python calls it.

    Examples
    --------
    >>> find_page("Straße;Fläche in m²;90 €".encode("cp1252"))
    'cp1252'
    >>> find_page("Kraków;Gdańsk;Łódź".encode("cp1250"))
    'cp1250'
    """
    scores = {page.name: _score(sample, page) for page in _PAGES}
    best = max(scores, key=scores.__getitem__)
    if scores[best] < _ENOUGH and _WIDE.search(sample):
        found = _charset_normalizer.from_bytes(sample, cp_isolation=_ASIAN).best()
        if found is not None and found.encoding not in ("utf_8", "ascii"):
            return str(found.encoding)
    undefined = "\N{REPLACEMENT CHARACTER}" in sample.decode("cp1252", errors="replace")
    return "latin-1" if best == "cp1252" and undefined else best


def _score(sample: bytes, page: _Page) -> float:
    """Give what a page makes of a sample, at most about 1."""
    text = f" {sample.decode(page.name, errors='replace')} "
    odd = dict.fromkeys(word for word in _WORD.findall(text) if not word.isascii())
    words = list(islice(odd, _MOST))
    symbols = list(islice(dict.fromkeys(_SYMBOL.findall(text)), _MOST))
    worth = sum(_symbol(*symbol) for symbol in symbols)
    if not page.is_latin:
        worth += sum(_foreign(word, page) for word in words)
    elif words:
        worth += max(
            sum(_latin(word, letters, known) for word in words)
            for letters, known in [*((language, 1.0) for language in page.languages),
                                   ("".join(page.languages), 0.9)]
        )  # fmt: skip
    return worth / max(len(words) + len(symbols), 1)


def _latin(word: str, letters: str, known: float) -> float:
    odd = [
        letter
        for letter in word.lower()
        if not letter.isascii() and letter not in "µªº’\u00ad\u0307"
    ]
    # even short words such as Łódź have a plain letter
    if (len(odd) > 2 and 4 * len(odd) > 3 * len(word)) or _broken(word):
        return -1.0
    return known if all(letter in letters for letter in odd) else 0.0


def _foreign(word: str, page: _Page) -> float:
    lower = word.lower()
    if _broken(word) or any(letter.isascii() and letter != "'" for letter in lower):
        return -1.0
    if not any(all(letter in language for letter in lower) for language in page.languages):
        return 0.0
    if len(lower) == 1:
        return 0.5
    small = 0.1 * (not word.isupper())
    return 0.6 + small + 0.4 * sum(letter in _OFTEN for letter in lower) / len(lower)


def _broken(word: str) -> bool:
    """Tell a word that nobody writes."""
    if len(word) == 1 and word.lower() not in _LONE:
        return True
    return _NEVER.search(word) is not None or any(
        a.islower() and b.isupper() for a, b in pairwise(word)
    )


def _symbol(before: str, symbol: str, after: str) -> float:
    if symbol not in _SYMBOLS:
        return 0.0 if symbol == "\u00ad" else -1.0
    within = before.isalpha() and after.isalpha()
    if (within and symbol not in _TOGETHER) or (symbol in "€£²³" and after.isalpha()):
        return -1.0
    return 1.0
