"""Names that stand before credentials: how much a name alone tells."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

SURE: Final = 3
"""The name holds a credential, whatever its value."""
LIKELY: Final = 2
"""It does unless the value is words or a number."""
MAYBE: Final = 1
"""It does if the value looks like one."""

# Told without a boundary before them, too: PGPASSWORD.
_ALSO_JOINED = r"pass(?:word|wd|phrase|code)|api_?key|secret_?key|access_?key"
_SURE = (
    rf"{_ALSO_JOINED}|pwd|secret(?:_?access_?key|_?value)?|(?:secret|shared)_?access_?key|private_?key|client_?secret|"
    r"account_?key|(?:ssh|sudo|become|db|user|smtp|mail|root|admin|login|ftp|sql)_?pass|(?:auth|access|refresh|api|bearer|bot|session|id)_?token|credentials?|"
    r"passwort|kennwort|mot_?de_?passe|has[łl]o|salasana|l[öo]senord|adgangskode|contrase(?:ñ|n)a|senha|wachtwoord|пароль|密码|密碼|パスワード"
)
_LIKELY = (
    r"pass|pw|pswd|psw|(?:encryption|signing|master|app|subscription|shared|functions|storage|account)_?key|"
    r"key[_-]data|clave|parola|mdp"
)
_MAYBE = (
    r"token|tok|key|auth|authorization|bearer|pat|jwt|cookie|signature|dsn|sas|webhook(?:_url)?|otp|"
    r"sessionid|phpsessid|jsessionid|csrf_?token|appid"
)
# `passwords`, `api_keys`: what stands in a list or table of them.
_SEVERAL = rf"(?:{_SURE}|{_LIKELY}|cred)s"
_SEVERAL_MAYBE = rf"(?:{_MAYBE})s"
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-.\s/]+")
_AS = r"(?:_(?:bytes|str|plain|raw))?"
# `DB_PASSWORD_PROD`: where it holds. Behind other words (`api_key_openai`) it is one if the value looks like one.
_WHERE: Final = re.compile(
    r"_(?:prod(?:uction)?|dev(?:elopment)?|test(?:ing)?|stag(?:e|ing)|live|sandbox|old|new|backup|local|remote|readonly|ro|rw)$"
)
_BEHIND: Final = re.compile(
    rf"(?:^|_)(?:{_SURE})_(?!(?:\w+_)?(?:ids?|hash(?:es|ed)?|digest|sha\d*|md5|file(?:name)?|path|name|ur[li]|arn|fingerprint)$)[^\W_]{{2,20}}$"
)
_SURE_NAME: Final = re.compile(rf"(?:(?:^|_)(?:{_SURE})|(?:{_ALSO_JOINED})){_AS}_?\d*$")
_LIKELY_NAME: Final = re.compile(rf"(?:^|_)(?:{_LIKELY})_?\d*$")
_SEVERAL_NAME: Final = re.compile(rf"(?:^|_)(?:{_SEVERAL})_?\d*$")
_MAYBE_NAME: Final = re.compile(rf"(?:^|_)(?:{_MAYBE}|{_SEVERAL_MAYBE})_?\d*$")
_NO_WORD: Final = re.compile(
    r"(?:recv|public|primary|foreign|sort|partition)_?keys?$|(?:low|high|band|all|by|first|second|third|last|final|for|back|one|two|multi)(?:ward)?_?pass$"
)

ORDINARY: Final = frozenset({"user", "username", "user_name", "login", "name", "type", "host", "id", "email", "url"})
"""Names beside which a credential has a name of its own."""

NAME: Final = re.compile(rf"(?:{_SURE}|{_LIKELY}|{_MAYBE}|cred)s?{_AS}\d*(?:_[^\W_]{{2,20}})?(?![^\W_]|_[^\W_])")
"""Where the end of such a name may stand in a lower-case text."""


@lru_cache(maxsize=50_000)
def strength(name: str) -> int:
    """SURE, LIKELY, MAYBE, or 0 for the name of something else."""
    name = name[-80:]
    plain = _WHERE.sub("", _CAMEL.sub("_", name).lower().strip("_"))
    if _SURE_NAME.search(plain):
        return SURE
    if _NO_WORD.search(plain):
        return 0
    if _LIKELY_NAME.search(plain):
        return SURE if name.isupper() else LIKELY  # DB_PASS is a variable of the environment, forward_pass is not
    if _SEVERAL_NAME.search(plain):
        return LIKELY
    return MAYBE if _MAYBE_NAME.search(plain) or _BEHIND.search(plain) else 0
