"""Where credentials are told by their own form, or by the URL, call, command or header that they stand in.

A pattern's group `word` is the credential (without that group, all that it matches); `strength` is what the place tells
as a name before it would.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

from .names import LIKELY, MAYBE, SURE


class Shape(NamedTuple):
    """One form of a credential."""

    label: str
    marks: tuple[str, ...]
    """Texts of which one must occur, so that most texts cost nothing."""
    pattern: str
    strength: int = SURE


_PRIVATE = (
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)"
)
_PRIVATE_BASE64 = (  # as kubeconfig and CI systems keep it
    r"LS0tLS1CRUdJTiB\w{0,14}(?:UFJJVkFURSBLRVk|QUklWQVRFIEtFWS|BSSVZBVEUgS0VZ)[\w+/]{20,}={0,2}"
)
_MIXED = r"(?=[\w-]{0,200}\d)(?=[\w-]{0,200}?[A-Za-z0-9]{16})[\w-]+"
SERVICES: Final = (
    Shape("private key", ("PRIVATE KEY",), _PRIVATE),
    Shape("private key", ("LS0tLS1CRUdJTi",), _PRIVATE_BASE64),
    Shape("AWS key", ("AKIA", "ASIA"), r"A[KS]IA[0-9A-Z]{16}['\"]\s*,\s*['\"](?P<word>[A-Za-z0-9+/]{40})(?=['\"])"),
    Shape("AWS key", ("AKIA", "ASIA", "ABIA", "ACCA"), r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b"),
    Shape("GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"\bgh[pousr]_[A-Za-z0-9]{30,255}"),
    Shape("GitHub token", ("github_pat_",), r"\bgithub_pat_\w{22,255}"),
    Shape("GitLab token", ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-"), r"\bgl(?:pat|dt|rt|cbt|ptt)-[\w-]{20,}"),
    Shape("API key", ("sk-",), rf"\bsk-{_MIXED}"),
    Shape("Slack token", ("xox", "xapp-"), r"\bxox[abeoprs]-[\w-]{10,}|\bxapp-\d-[\w-]{10,}"),
    Shape("Slack webhook", ("hooks.slack.com/",), r"(?<=hooks\.slack\.com/)services/[\w/]{20,}"),
    Shape("Discord webhook", ("/api/webhooks/",), r"/api/webhooks/\d{15,}/(?P<word>[\w-]{40,})"),
    Shape("Airtable token", ("pat",), r"\bpat\w{14}\.[0-9a-f]{64}\b"),
    Shape("Dropbox token", ("sl.",), r"\bsl\.[\w-]{100,}"),
    Shape("Teams webhook", ("/IncomingWebhook/",), r"/IncomingWebhook/(?P<word>\w{32,})"),
    Shape("Twilio token", ("AC", "SK"), r"\b(?:AC|SK)[0-9a-f]{32}['\"]\s*,\s*['\"](?P<word>\w{32})(?=['\"])"),
    Shape("Discord token", (".",), r"\b[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])", MAYBE),
    Shape("Hugging Face token", ("hf_", "api_org_"), r"\b(?:hf|api_org)_[A-Za-z0-9]{30,}\b"),
    Shape("Google key", ("AIza", "ya29.", "GOCSPX-"), r"\bAIza[\w-]{35}|\bya29\.[\w-]{20,}|\bGOCSPX-[\w-]{20,}"),
    Shape("token", ("eyJ",), r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*|\b[ps]k\.eyJ[\w-]{8,}\.[\w-]{16,}"),
    Shape("SendGrid key", ("SG.",), r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
    Shape("npm token", ("npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
    Shape("PyPI token", ("pypi-",), r"\bpypi-[\w-]{50,}"),
    Shape("DigitalOcean token", ("_v1_",), r"\bdo[opr]_v1_[a-f0-9]{64}\b"),
    Shape("Stripe key", ("sk_", "rk_", "whsec_"), r"\b(?:[sr]k_live_|[sr]k_test_|whsec_)[0-9a-zA-Z]{20,}\b"),
    Shape("Square key", ("sq0",), r"\bsq0(?:atp|csp|idp)-[\w-]{20,}"),
    Shape("Mailgun key", ("key-",), r"(?<![\w-])key-[0-9a-f]{32}\b"),
    Shape("Grafana token", ("glsa_", "glc_"), r"\bglsa_\w{32}_[0-9a-fA-F]{8}\b|\bglc_[\w+/]{32,}={0,2}"),
    Shape("Databricks token", ("dapi",), r"\bdapi[0-9a-f]{32}(?:-\d)?\b"),
    Shape("API key", ("gsk_", "r8_", "pcsk_"), r"\b(?:gsk_|r8_|pcsk_)\w{24,}"),
    Shape("API key", ("nvapi-", "pplx-", "xai-", "tvly-", "lsv2_"), rf"\b(?:nvapi-|pplx-|xai-|tvly-|lsv2_){_MIXED}"),
    Shape("Telegram token", (":AA",), r"(?<!\d)\d{8,10}:AA[\w-]{33}(?![\w-])"),
    Shape("age key", ("AGE-SECRET-KEY-1",), r"\bAGE-SECRET-KEY-1[0-9A-Z]{50,}"),
    Shape("Vault token", ("hvs.", "hvb.", "hvr."), r"\bhv[sbr]\.[\w-]{24,}"),
    Shape("Shopify token", ("shp",), r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b"),
    Shape("Linear key", ("lin_api_",), r"\blin_api_[A-Za-z0-9]{32,}"),
    Shape("Atlassian token", ("ATATT3",), r"\bATATT3[\w=-]{50,}"),
    Shape("Azure key", ("AccountKey=", "AccessKey="), r"(?<=AccountKey=)[\w+/=-]{40,}|(?<=AccessKey=)[\w+/=-]{30,}"),
    Shape("Azure secret", ("Q~",), r"(?<![\w.~-])[\w.~-]{3}\dQ~[\w.~-]{31,34}(?![\w.~-])"),
    Shape("Google key", ("GOOG",), r"\bGOOG[0-9A-Z]{20,57}\b"),
    Shape("Mailgun key", ("auth", "mail", "Mail", "MAIL"), r"(?<![\w-])[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?![\w-])"),
    Shape("Mailchimp key", ("-us",), r"\b[0-9a-f]{32}-us\d{1,2}\b"),
    Shape("Anaconda token", ("anaconda.",), r"(?<=anaconda\.org/t/)[\w-]{10,}|(?<=anaconda\.cloud/t/)[\w-]{10,}"),
    Shape("Doppler token", ("dp.",), r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,}"),
    Shape("API key", ("phx_", "ntn_", "AKCp"), r"\b(?:phx_|ntn_|AKCp)\w{40,}"),
    Shape("API key", ("figd_", "ops_eyJ"), r"\bfigd_[\w-]{30,}|\bops_eyJ[\w-]{100,}={0,2}"),
    Shape("private key", ("Private-Lines:",), r"Private-Lines: \d+\s+(?P<word>[\w+/=\s]+?)(?=\s*(?:Priv|\Z|['\"]))"),
    Shape("private key", ("Private-MAC:",), r"Private-MAC: (?P<word>[0-9a-f]{40,})"),
    Shape("authorization", ("earer ", "asic ", "oken "),
          r"(?:(?<=[Bb]earer )|(?<=[Bb]asic )|(?<=[Tt]oken ))(?=[\w.~+/-]*\d)[\w.~+/-]{16,}=*"),
)  # fmt: skip

_TEXT = r"[rRbBuUfF]{0,2}(?:'[^'\n]*'|\"[^\"\n]*\")"
_WORD = r"[rRbBuUfF]{0,2}['\"](?P<word>[^'\"\n]+)['\"]"
_ARGUMENT = r"\s*[^\s,()=]+\s*,"
_KEY = r"[bB]?['\"](?P<word>[\w~.=-]{20,})['\"]"
_TAG = r"password|passwd|passphrase|secret|token|api[._]?key|access[._]?key"
_IN_PROSE = (  # "the password is …": with a digit, and a capital or one of the usual signs
    r"(?i:\b(?:pass(?:word|wd|phrase)|pwd?|passwort|kennwort))(?: (?:for|of|to|on|at|für)(?: [\w.-]{1,20}){1,4}?)?"
    r"(?: is| was| ist| lautet)?:? ['\"`]?"
    r"(?P<word>(?=[^\s'\"`]*\d)(?=[^\s'\"`]*[A-Z!@#$%^&*])"
    r"[^\s'\"`,;()=\[\]{}]{7,}[^\s'\"`,;.()=\[\]{}])(?![(\[=])"
)
_BRACED = r"(?i:\b(?:pwd|password))=\{(?P<word>[^{}\n]*[^{}\n\w][^{}\n]*|[^{}\n]*\d[^{}\n]*)\}"
_PROPERTY = rf"(?i:<name>[^<>]*(?:{_TAG})</name>)\s*<value>(?P<word>[^<>\s]+)(?=</)"
_PHRASE = r"(?i:mnemonic|phrase)['\"]?\s*[:=]\s*['\"]?(?P<word>(?:[a-z]{3,8} ){11,23}[a-z]{3,8})\b"
_TOLD = (  # "the API key provided: …", "your token was …"
    r"\b(?:[aA][pP][iI][ _-]?[kK][eE][yY]|[tT]oken|[sS]ecret)\b(?: (?!(?:id|name|hash|digest)\b)[a-z]{2,12}){0,4}:? "
    r"['\"`]?"
    r"(?P<word>[\w-]{16,})(?![\w(\[=/])"
)
_NAME_AND_VALUE = (  # name="password" value="…", - name: DB_PASSWORD\n  value: …
    r"\b(?i:name|key)['\"]?\s?[:=]\s?['\"]?(?P<name>[\w.-]{2,60})['\"]?\s?,?\s{0,40}['\"]?(?i:value)['\"]?\s?[:=]\s?['\"]?"
    r"(?P<word>[^\s'\",{}<>]+)"
)
_TERRAFORM = r"variable\s+\"(?P<name>[\w-]{2,60})\"\s*\{[^{}]{0,300}?default\s*=\s*\"(?P<word>[^\"\n]+)\""
_TYPED = (  # into a form, or for a program that asks
    r"(?i:passw(?:or[dt])?|passwd|pwd)[^'\"\n]{0,10}['\"]\)*"
    rf"(?:[^\n'\"]{{0,40}}|\s+\w+)\.(?:send_keys|fill|type|send|sendline)\(\s*{_WORD}"
)
_FORMAT = (  # "password=%s", "…"
    r"\b(?P<name>[\w-]{2,60})\s?[=:]\s?(?:%s|\{\})['\"]\s?(?:,|%|\.format\()\s?\(?"
    rf"(?:{_ARGUMENT}){{0,5}}\s*{_WORD}\s*(?:\)|\n|\Z)"
)
_SCHEME = r"uthorization['\"]?\s?[:=,]\s?['\"]?(?:\w{2,12} )?(?:token=)?(?P<word>[\w.~+/-]{16,}=*)"
_JOINED = rf"\b(?:[bB]earer|[bB]asic|[tT]oken) ?(?:%s|\{{\}})?['\"]\s?(?:[%+,]|\.format\()\s?\(?{_WORD}"
_STRONG = (  # letters of both cases, a digit and a sign behind the other arguments
    rf"(?:onnect|Client|API)\((?:{_ARGUMENT}){{1,4}}\s*['\"](?P<word>(?=[^'\"\n]*[a-z])(?=[^'\"\n]*[A-Z])"
    r"(?=[^'\"\n]*\d)(?=[^'\"\n]*[!#$%&*@^?+-])[^\s'\"/:]{8,64})['\"]"
)
_OPTION_AND_VALUE = rf"\.(?:option|set|config)\(\s*['\"](?P<name>[\w.-]{{2,60}})['\"]\s*,\s*{_WORD}\s*\)"
_PGPASS = (  # .pgpass
    r"(?<![\w.*:/-])(?:[\w-]+(?:\.[\w-]+)+|localhost|\*):(?:\d{2,5}|\*):(?:[\w-]+|\*):[\w@.-]+:(?P<word>[^\s:'\"\\]{4,})"
)
_IN_ELEMENT = (  # a page's table or list
    r"\b(?P<name>[\w-]{2,60})\s?:?\s?(?:</\w{1,6}>\s{0,20})?<(?:td|dd|b|code|strong|em|span)\b[^<>]{0,100}>"
    r"(?P<word>(?![\d.,%eE+-]+<)(?![^\W\d_]+<)[^<>\s]+)</"
)
_FIRST = (  # a client's only or first argument, whatever the client
    r"\b[A-Z]\w{1,40}\(['\"](?P<word>(?=[\w-]{0,99}[a-z])(?=[\w-]{0,99}[A-Z])(?=[\w-]{0,99}\d)(?!\w*?[A-Z][a-z]{2,}[A-Z][a-z]{2,})[A-Za-z0-9]{20,})['\"]"
)
_BEHIND_ADDRESS = r"\b[A-Z]\w{1,40}\(\s*['\"]\w{2,20}://[^'\"\s]+['\"]\s*,\s*['\"](?P<word>[\w+/-]{20,}={0,2})['\"]"
_OPTION = r"[^\n|;]{0,200}?[\s'\"]"
_COMMANDS = (
    rf"\b(?:mongo\w*\b{_OPTION}-p|redis-cli\b{_OPTION}-a|(?:sqlcmd|bcp|unzip|zip)\b{_OPTION}-P|7z\w?\b{_OPTION}-p|"
    rf"ldap\w+\b{_OPTION}-w|openssl\b{_OPTION}(?:pass:|-k )|smbclient\b{_OPTION}-U['\", ]*\w+%)['\", =]*"
    r"(?P<word>[^\s'\",-][^\s'\"]*)"
)
_GIVEN = (  # through a pipe
    r"\becho (?:-n )?['\"]?(?P<word>[^\s'\"|]+)['\"]? *\|[^\n|]{0,200}(?:--password-stdin|sudo -S)"
)
_CURL = r"\bcurl\b[^\n|;]{0,300}?[\s'\"](?:-u|--user|--proxy-user|-U)['\", =]{0,5}[^\s:'\"]*:(?P<word>[^\s'\"]+)"
PLACES: Final = (
    Shape("password", ("auth",), rf"auth(?::[^=\n]{{1,40}})?\s*=\s*\(\s*{_TEXT}\s*,\s*{_WORD}"),
    Shape(
        "password",
        ("Auth", "Credential"),
        rf"(?:(?<!O)Auth(?:Provider|Handler|enticator)?|Credentials?)\((?:{_ARGUMENT}){{1,2}}\s*{_WORD}\s*[,)]",
        LIKELY,
    ),
    Shape("API key", ("Auth(", "Credential"), rf"(?:Auth|Credentials?)\(\s*{_KEY}", MAYBE),
    Shape(
        "API key",
        ("set_", "add_", "use_", "save_"),
        rf"\b(?:set|add|use|save)_(?P<name>\w{{1,40}})\(\s*{_WORD}\s*[,)]",
        LIKELY,
    ),
    Shape(
        "API key",
        ("Client(", "API(", "login(", "Experiment(", "account(", "authenticate("),
        rf"(?:Client|API|login|Experiment(?=\(['\"]\w+['\"],)(?!\(['\"][^'\"]*_)|account|authenticate)\(\s*{_KEY}",
        MAYBE,
    ),
    Shape(
        "password",
        ("Fernet(", ".derive(", "hmac.new(", "decrypt(", "AES.new("),
        rf"(?:\bFernet|\.derive|\bhmac\.new|\bdecrypt|\bAES\.new)\(\s*{_WORD}",
        LIKELY,
    ),
    Shape("password", ("jwt.",), rf"\bjwt\.\w+\([^\n]{{1,300}}?,\s*{_WORD}\s*,\s*(?:algorithm|\[?['\"][HRE]S\d)"),
    Shape(
        "API key",
        ("set_", "add_", "use_", "save_"),
        rf"\b(?:set|add|use|save)_(?P<name>\w{{1,40}})\((?:{_ARGUMENT}){{1,3}}\s*{_WORD}\s*\)",
    ),
    Shape("password", ("setpassword(",), rf"\.setpassword\(\s*{_WORD}"),
    Shape("password", ("_pw_", "SMTP("), rf"(?:_pw_\w{{1,9}}|SMTP)\({_ARGUMENT}\s*{_WORD}"),
    Shape("password", ("FTP",), rf"\bFTP(?:_TLS)?\({_ARGUMENT}{_ARGUMENT}\s*{_WORD}"),
    Shape("password", ("racle",), rf"racle(?:db)?\.connect\({_ARGUMENT}\s*{_WORD}\s*,", LIKELY),
    Shape("password", ("connect(",), r"\bconnect\(\s*['\"]\w+/(?P<word>[^'\"@\s/]+)(?=@)"),
    Shape("password", ("connect(",), rf"\bconnect\({_ARGUMENT}\s*\d+\s*,{_ARGUMENT}\s*{_WORD}\s*[,)]", LIKELY),
    Shape(
        "API key", ("default",), rf"['\"]-{{1,2}}(?P<name>[\w-]{{2,40}})['\"][^()\n]{{0,200}}\bdefault\s*=\s*{_WORD}"
    ),
    Shape("password", ("Auth(", "auth("), rf"(?i:basic|digest|ntlm|proxy)_?[aA]uth\({_ARGUMENT}\s*{_WORD}"),
    Shape("password", ("login(",), rf"\.login\({_ARGUMENT}\s*{_WORD}\s*[,)]"),
    Shape("password", ("login(",), rf"(?<![\w.])(?<!def )login\({_ARGUMENT}\s*{_WORD}\s*[,)]", LIKELY),
    Shape("password", (".option(", ".set(", ".config("), _OPTION_AND_VALUE),
    Shape("password", ("b64encode(",), r"b64encode\(\s*[bfBF]{0,2}['\"][\w.@-]+:(?P<word>[^\s'\"]{4,})['\"]", LIKELY),
    Shape("password", (":5432:", ":5433:", ":6432:", ":*:"), _PGPASS, LIKELY),
    Shape("API key", ("</",), _IN_ELEMENT),
    Shape("API key", ("('", '("'), _FIRST, MAYBE),
    Shape("API key", ("://",), _BEHIND_ADDRESS, MAYBE),
    Shape("API key", ("[masked]",), rf"\[masked\]['\"]\s*,\s*{_KEY}", MAYBE),
    Shape("password", ("set_password(",), rf"\bset_password\({_ARGUMENT}{_ARGUMENT}\s*{_WORD}"),
    Shape("password", ("connect(",), rf"\bconnect\({_ARGUMENT}{_ARGUMENT}\s*{_WORD}\s*[,)]", LIKELY),
    Shape("password", ("curl",), _CURL),
    Shape("password", ("lftp",), r"\blftp\b[^\n|;]{0,200}?\s-u[ =]?['\"]?\w+,(?P<word>[^\s'\"]+)"),
    Shape("authorization", ("uthorization",), _SCHEME, LIKELY),
    Shape("authorization", ("earer", "asic", "oken"), _JOINED, MAYBE),
    Shape(
        "password",
        ("@",),
        r"(?<![\w:/.-])[\w.-]{1,60}:(?P<word>[^\s:@/'\"<>]{6,100})(?=@[\w-][\w.-]*:\d{2,5}\b)",
        LIKELY,
    ),
    Shape(
        "password", ("input_value=",), r"(?:^|\n)(?P<name>[\w.]{2,60})\n  [^\n]{0,300}?input_value='(?P<word>[^'\n]+)'"
    ),
    Shape("API key", ("oken", "redential", "ecret"), rf"(?i:token|credentials?|secret)\(\s*{_KEY}", MAYBE),
    Shape("password", ("onnect(", "Client(", "API("), _STRONG),
    Shape("password", ("sshpass",), r"\bsshpass['\",\s]+-p['\", ]*(?P<word>[^\s'\"]+)"),
    Shape("password", ("mysql",), r"\bmysql\w{0,20}\b[^\n|;]{0,200}?[\s'\"]-p(?P<word>[^\s'\"]+)"),
    Shape("password", ("login",), r"\b(?:machine\s+\S+|default)\s+login\s+\S+\s+password\s+(?P<word>\S+)"),
    Shape("API key", (" login ",), r"\b[\w-]+ login (?:--relogin )?(?P<word>[\w-]{20,})(?![\w-])", MAYBE),
    Shape("password", ("login ",), r"\blogin [^\n|;]{0,200}?(?<=\s)-p[ =]?(?P<word>[^\s'\"`-][^\s'\"`]*)", LIKELY),
    Shape("password", ("--password-stdin", "sudo -S"), _GIVEN),
    Shape("password", ("<<<",), r"(?:kinit|-stdin|-token)\b[^\n|;<]*<<<\s*['\"]?(?P<word>[^\s'\"]+)"),
    Shape(
        "password",
        ("mongo", "redis-cli", "sqlcmd", "bcp ", "unzip ", "zip -", "7z", "ldap", "pass:", "smbclient"),
        _COMMANDS,
        LIKELY,
    ),
    Shape("password", ("IDENTIFIED BY", "identified by"), r"(?i:identified by) '(?P<word>[^'\n]+)'"),
    Shape("password", ("PASSWORD '", "password '"), r"(?:PASSWORD|password) '(?P<word>[^'\n]+)'", LIKELY),
    Shape("API key", ("SECRET '", "TOKEN '"), r"(?:SECRET|TOKEN) '(?P<word>[^'\n]+)'", MAYBE),
    Shape("AWS key", ("configure set",), r"\bconfigure set (?P<name>\w+) (?P<word>\S+)"),
    Shape("password", ("jdbc:oracle",), r"jdbc:oracle:\w+:[\w.]+/(?P<word>[^\s'\"@]+)(?=@)"),
    Shape("password", ("={",), _BRACED),
    Shape("password", ("</",), rf"(?i:<[\w.:-]*(?:{_TAG})>)\s*(?P<word>[^<>\s]+)\s*(?=</)", LIKELY),
    Shape("password", ("</",), _PROPERTY),
    Shape("recovery phrase", ("nemonic", "NEMONIC", "phrase", "PHRASE"), _PHRASE),
    Shape(
        "cookie",
        ("ookie", "OOKIE"),
        r"(?i:cookies?)(?:['\"]?\s*[:=,]|\.\w{3,6}\(|\s(?=['\"]))\s*[{'\"]{0,2}\s*(?P<words>[^\n{}]{16,4000})",
        MAYBE,
    ),
    Shape("API key", ("ey", "EY", "oken", "ecret"), _TOLD, MAYBE),
    Shape("password", ("assw", "ASSW", "ennwort", "pw"), _IN_PROSE, LIKELY),
    Shape("password", ('alue="', "alue='", "alue: ", "alue':", 'alue":'), _NAME_AND_VALUE),
    Shape("password", ("variable",), _TERRAFORM),
    Shape("password", ("=%s", ": %s", "={}", ": {}"), _FORMAT),
    Shape("password", ("assw", "pwd"), _TYPED, LIKELY),
    Shape("password", ("env ", "ENV ", "ARG "), r"(?:%(?:set_)?env|\b(?:ENV|ARG|setenv)) (?P<name>\w+) (?P<word>\S+)"),
)
IN_QUOTES: Final = re.compile(r"(?<=['\"])(?=[A-Za-z0-9]*[+/])(?:[A-Za-z0-9+/]{40}|[A-Za-z0-9+/]{86}==)(?=\\?['\"])")
"""An alphabet with a slash is that of paths, too: only the lengths that AWS and Azure give theirs."""
JSON_IN_BASE64: Final = re.compile(
    r"(?<![A-Za-z0-9+/=-])eyJ(?:[A-Za-z0-9+/]{37,20000}|[A-Za-z0-9_-]{37,20000})={0,2}(?![\w+/=.-])"
)
COOKIE: Final = re.compile(r"(?P<head>(?P<name>[\w.-]+)['\"]?\s*[=:,]\s*['\"]?)(?P<word>[\w%.+/=-]{16,})")
SESSION: Final = re.compile(r"(?i:sess|sid$|csrf|xsrf|auth)")

URL: Final = re.compile(
    r"\b[a-zA-Z][\w+.-]{1,20}://[^\s:/@'\"<>]*:(?P<word>(?!\d{1,5}/)[^\s'\"<>?/]+(?:/[^\s'\"<>?#/@]+)??)(?=@[\w\[{%$-])"
)
URL_TOKEN: Final = re.compile(r"\bhttps?://(?P<word>[A-Za-z0-9_~.-]{16,})(?=@)")
PLACEHOLDER: Final = re.compile(r"(?i:password|passwd|pass|pwd|pw|secret|token|key)|%\w")
QUERY: Final = re.compile(
    r"[?&;](?:amp;)?(?P<name>[\w.-]*(?:token|key|secret|password|passwd|pwd|sig|signature|credential|(?P<weak>"
    r"app_?id|code|auth|jwt|ticket|assertion|sid|session|pass)))=(?P<word>[^\s&#'\"<>;]{6,})", re.I,
)  # fmt: skip


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, made when it is first wanted."""
    return re.compile(pattern)
