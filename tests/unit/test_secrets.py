"""What looks like a credential is masked; what only resembles one is not."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import string
import uuid
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

import tracker
from tracker import secrets
from tracker.secrets import MASK, masked, masked_value

_chance = random.Random(4)
_WORDS = string.ascii_letters + string.digits


def made(length: int, alphabet: str = _WORDS) -> str:
    return "".join(_chance.choice(alphabet) for _ in range(length))


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    secrets.forget()
    yield
    secrets.forget()


VALUES = {
    "api_key": made(20), "OPENAI_API_KEY": "sk-" + made(48), "password": "hunter22", "db.password": "correct horse battery",
    "clientSecret": "abc-DEF-123", "token": made(24), "wandb_key": made(40, "0123456789abcdef"), "aws": "AKIA" + made(16, string.ascii_uppercase),
    "header": "Bearer " + made(40) + "1", "uri": f"postgresql://me:{made(10)}@db.example/x", "credentials": "abcdefgh",
}  # fmt: skip
SOURCES = [
    'API_KEY = "{}"', 'os.environ["MY_TOKEN"] = "{}"', 'connect("postgresql://me:{}@db/x")', "client = Client(api_key='{}', timeout=3)",
    'get(u, headers={{"Authorization": "Bearer {}"}})', "export AWS_SECRET_ACCESS_KEY={}", 'key: str = "{}"', "login(token='{}')",
    '{{"password": "{}"}}', "tool --password {}", "curl 'https://x/y?access_token={}&z=1'", 'os.environ.setdefault("SECRET_KEY", "{}")',
    "git clone https://{}@host/a/b", "TOKEN={}\nOTHER=1", "db:\n  password: {}\n", 'secret_key = """{}"""', "PASSWORD = b'{}'",
    "client_secret={}", "AccountKey={};EndpointSuffix=x",
    'password: str | None = "{}"', 'db_password: SecretStr = Field(SecretStr("{}"))', 'token = os.getenv("DB", "{}")', 'secret = (\n    "{}"\n)',
    'user, password = "me", "{}"', '{{"config": "{{\\"password\\": \\"{}\\"}}"}}', 'export DB_PASS={}', "PGPASSWORD={} psql -h h", "passwort = '{}'",
    '["tool", "--password", "{}"]', 'tool --password "{}"', 'setattr(settings, "password", "{}")', "<password>{}</password>",
    "requests.get(u, auth=('me', '{}'))", "HTTPBasicAuth(user, '{}')", "server.login('me', '{}')", "curl -u me:{} https://x", "sshpass -p {} ssh x",
    "mysql -u root -p{} db", "machine x login me password {}", "%env MY_PASSWORD {}", "!wandb login {}", "# the password is {}", "jdbc:oracle:thin:me/{}@//h",
    'headers = {{"Cookie": "lang=en; sessionid={}; theme=dark"}}',
    "https://x.org/?appid={}", "docker login -u me -p {} host", "CREATE USER u IDENTIFIED BY '{}'", "signing_key: {}", "token = ''.join(['{}', 'b'])", "creds = ('ana', '{}')", "passwords = {{'ana': '{}'}}", "api_keys = ['{}']",
    "Authorization: ApiKey {}", "h('Authorization', 'Bearer %s' % '{}')", "auth failed for me:{}@db.x.org:5432", "password\n  String should match [input_value='{}', input_type=str]", "call_credentials('{}')",
    "reader.decrypt('{}')", "!lftp -u me,{} host", "curl -u :{} https://x",
    "password = password or '{}'", "pw = b64decode('{}')", "warning('password=%s', '{}')", "'user: %s, password: %s' % ('me', '{}')", "username, password = ('me', '{}')", "[user, pw] = ['me', '{}']", "ansible_ssh_pass: {}", "API Key - {}",
    "| api_key | {} |", "api_key    {}\nuser  me", '<property name="password" value="{}"/>', "- name: DB_PASSWORD\n  value: {}", 'variable "db_password" {{\n  default = "{}"\n}}',
    "run(['mysql', '-p{}', 'db'])", "run(['sshpass', '-p', '{}', 'ssh'])", "run(['curl', '-u', 'me:{}', 'https://x'])", "!mongo -u root -p {} db", "!redis-cli -a {} ping", "!unzip -P {} a.zip",
    "!openssl enc -pass pass:{}", "!echo {} | sudo -S ls", "!kinit me <<< {}", "child.expect('Password:')\nchild.sendline('{}')", "find(By.NAME, 'password').send_keys('{}')", "get_by_label('Password').fill('{}')",
    "client.username_pw_set('me', '{}')", "ALTER USER me PASSWORD '{}'", "CREATE SECRET s (TYPE S3, SECRET '{}')", "u = 'https://x?apikey=' + '{}'",
    "Search(uri, basic_auth=('elastic', '{}'))", "Search(api_key=('id', '{}'))", "AccessProvider(PlainTextAuthProvider('ana', '{}'))", "KeyCredential('{}')",
    "FTP('host', 'ana', '{}')", "cx_Oracle.connect('scott', '{}', 'h/db')", "oracledb.connect('scott/{}@h/db')", "ssh.connect('h', 22, 'ana', '{}')", "client.set_auth_token('{}')",
    "add_argument('--api-key', type=str, default='{}')", "jwt.encode({{'sub': 1}}, '{}', algorithm='HS256')", "kdf.derive(b'{}')", "Experiment('{}', project_name='x')",
    "Invalid API key provided: {}. Go on.", "s.cookies.update({{'connect.sid': '{}'}})", "https://x.office.com/webhookb2/a@b/IncomingWebhook/{}/c", "password = 'a' \\\n    '{}'", 'pymssql.connect("h", "sa", "{}", "db")', "secret_key: >-\n  {}\n",
]  # fmt: skip
PREFIXED = [
    "AKIA" + made(16, string.ascii_uppercase + string.digits), "ghp_" + made(36), "github_pat_" + made(60), "glpat-" + made(20),
    "sk-" + made(48) + "1", "sk-proj-1" + made(60), "sk-ant-api03-" + made(80), "xoxb-123456789012-" + made(24), "hf_" + made(34),
    "AIza" + made(35), "eyJ" + made(20) + ".eyJ" + made(40) + "." + made(43), "SG." + made(22) + "." + made(43), "npm_" + made(36),
    "pypi-" + made(90), "dapi" + made(32, "0123456789abcdef"), "sk_live_" + made(24), "gsk_" + made(52), "123456789:AA" + made(33),
    "hvs." + made(30), "-----BEGIN RSA PRIVATE KEY-----\n" + made(300) + "\n-----END RSA PRIVATE KEY-----",
]  # fmt: skip
INNOCENT = {
    "commit": hashlib.sha1(b"a").hexdigest(), "id": str(uuid.uuid5(uuid.NAMESPACE_URL, "x")), "digest": hashlib.sha256(b"1").hexdigest(),
    "token_pattern": r"(?u)\b\w\w+\b", "pad_token": "[PAD]", "eos_token": "</s>", "tokenizer": "bert-base-uncased", "max_tokens": 4096,
    "key": "accuracy", "sort_key": "created_at_timestamp_column", "model": "ResNet50V2ImageNet1kPretrainedB16", "auth": "basic",
    "path": "/data/users/x/Experiments2024/run_01/checkpoint-000123", "secret_key_path": "/etc/keys/x", "password_length": 12,
    "image": base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4).decode(), "n_keys": 1_000_000, "cookie": "accept",
    "word": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", "url": "https://user@example.com/x",
    "checkpoint": "microsoft/DialoGPT-medium-v2-2023Q4-ckpt_000100", "name": "sklearn_RandomForestClassifier_n100_d10_seed42",
    "api_key_": "<your key>", "password": "", "secret": None, "token": "${TOKEN}", "when": "2026-11-21T14:37:49.123456+00:00",
    "integrity": "sha256-47DEQpj8HBSa_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=", "learning_rate": 0.1, "layers": [64, 32], "mask_token": "<mask>",
}  # fmt: skip
CODE = [
    "password = getpass.getpass()", "token = tokenizer.encode(text)", "key = jax.random.PRNGKey(0)", 'api_key = os.environ["KEY"]',
    "for key, value in params.items():", 'frame["key"] = "a_value"', "key=lambda x: x[1]", "print('token:', token)", "password=None",
    'plot(x, key="mean_test_score_of_model")', "secret = load_secret(name)", "Index(['key', 'token', 'password', 'value'])", "postgresql://user:password@localhost/db", "postgresql://%s:%s@%s/%s", "pwd: /home/me/x",
    "api_key: !vault |", "low_pass = 'butterworth'", "isin(('password', 'token', 'plain_2'))", "http://host:8080/a@b", "forward_pass: resnet50v2",
    "f('token', 'b')", "password hashing by argon2id", "?key=value&key=value", 'etag: "33a64df551425fcc55e4d42a148795d9f25f89d4"',
    "https://x.org/?code=main-branch-2&appid=my-app", "sorted(x, key=operator.itemgetter(1))", "rng, key = split(key)",
    "schema = {'token': 'string', 'password': 'object'}", "df.rename(columns={'pwd': 'password'})", "password=conf.get('database', 'password')", "high_pass = 'order4_0.5Hz'",
    "GOOGLE_APPLICATION_CREDENTIALS=/home/ana/keys/sa.json", "put(Key='processed/Train_2024Q1_v3.csv')", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/ml/db-AbCdEf",
    f"ssh-ed25519 AAAA{made(60)} ana@host", f"taken from I{hashlib.sha1(b'c').hexdigest()}", "tokens = ['a-2', 'pass', '##word']", "KEY_PATTERN = r'(?:[^\\[%:/?#]|%[a-fA-F0-9]{2})*'",
    "password = None if x else ask()", "key = name or 'default_metric_name'", "key        resnet50-imagenet-v2", "| token | value-of-it-2 |", "!unzip -p data.zip a.csv", "!mongoimport --file a.json -p",
    "{'key': 'val_accuracy', 'value': 0.93}", "- name: TOKENIZER\n  value: bert-base-2", "page.fill('#search', 'iris 2024')", "key, value = ('accuracy', '0.91-b')", "OAuth('google', 'openid-email-2')",
    "PWD: '/Users/ana'", "IGNORE_PAT = '\\\\.\\\\(Z\\\\|gz\\\\|bz2\\\\|zip\\\\|tgz\\\\)$'", "gpg --recv-keys 5BE8A3F6C8A5C01D106C0AD820B1A390B168D356", "add_credentials('name', password)", "login -p <profile_name>`",
    "From:ana2024@x.org", "host:service2@x", "Client('project', 'model-2024')", "tokenizer('Hello-world-2024')", "Authorization: Bearer <token>",
    "secrets = {'name': 'db-credentials-2', 'type': 'Opaque-2'}", "add_key('customer_id_2024')",
    'd = {"key": "some_ordinary_identifier_2"}', "def fit(self, X, y, *, password: str, api_key: str) -> None:", "tokens = ['a', 'b']",
]  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_a_parameter_that_is_a_credential(name: str) -> None:
    value, found = masked_value(name, VALUES[name])
    assert MASK in value and found
    assert VALUES[name].rpartition(":")[2].partition("@")[0].rpartition(" ")[2] not in value


@pytest.mark.parametrize("source", SOURCES)
def test_a_credential_in_a_source(source: str) -> None:
    for _ in range(20):
        word = made(43) + "1"
        text, found = masked(source.format(word))
        assert word not in text and MASK in text and found, text
        assert text.startswith(source.partition("{}")[0].replace("{{", "{")[:8])
        assert masked(f"it is {word}.")[0] == f"it is {MASK}."  # where it stands again


@pytest.mark.parametrize("word", PREFIXED)
def test_the_shapes_of_known_services(word: str) -> None:
    text, found = masked(f"x = '{word}'  # mine")
    assert text == f"x = '{MASK}'  # mine" and found


def test_most_words_made_by_chance() -> None:
    for length in (32, 64, 90):
        missed = sum(MASK not in masked(f"x = '{made(length)}'")[0] for _ in range(200))
        assert missed < 40


def test_lines_of_data_are_no_credentials() -> None:
    for data in (base64.encodebytes(_chance.randbytes(6_000)).decode(), "\n".join(made(64) for _ in range(40))):
        assert masked(f"-----BEGIN CERTIFICATE-----\n{data}\n")[1] == []


def test_credentials_of_a_table_or_an_option() -> None:
    word = made(12)
    for name, value in {
        "args": ["--user", "me", "--password", word],
        "passwords": {"ana": word},
        "config": {"api_keys": [word + "1a"]},
    }.items():
        assert word not in str(masked_value(name, value)[0])


@pytest.mark.parametrize("name", INNOCENT)
def test_what_only_resembles_a_credential_as_a_parameter(name: str) -> None:
    assert masked_value(name, INNOCENT[name]) == (INNOCENT[name], [])


@pytest.mark.parametrize("source", CODE)
def test_what_only_resembles_a_credential_in_a_source(source: str) -> None:
    assert masked(source) == (source, [])


def test_no_library_source_is_touched() -> None:
    import json as library

    for module in sorted(Path(library.__file__).parents[1].glob("[f-o]*.py"))[:40]:
        text = module.read_text(encoding="utf-8", errors="replace")
        changed, found = masked(text)
        assert changed == text, (module.name, found)
        secrets.forget()


def test_passwords_with_signs_that_end_other_words() -> None:
    for source in (
        "Uid=sa;Pwd={{{}!}};x=1",
        "postgresql://me:a@b{}@host/db",
        "postgresql://me:a/b{}@host/db",
        "redis://:a#{}@h",
        "# user me, pw 1{}A!",
        "DatabaseClient('h', 8086, 'root', '1{}!aB', 'db')",
    ):
        word = made(12)
        assert word not in masked(source.format(word))[0]


def test_a_password_in_two_texts_of_a_program() -> None:
    for joined in ('("abcd12"\n    "efgh34")', '"abcd12" \\\n "efgh34"', '"abcd12" + "efgh34"'):
        text, found = masked(f"password = {joined}")
        assert "abcd12" not in text and "efgh34" not in text and found == ["password"]


def test_a_word_that_stands_everywhere_is_masked_under_its_name_only() -> None:
    assert masked('db_password = "postgres"')[0] == f'db_password = "{MASK}"'
    assert masked("backend = 'postgres'") == ("backend = 'postgres'", [])


def test_a_private_key_in_base64() -> None:
    for kind in ("RSA ", "EC ", "", "OPENSSH ", "ENCRYPTED "):
        key = base64.b64encode(f"-----BEGIN {kind}PRIVATE KEY-----\n{made(200)}".encode()).decode()
        assert masked(f"    client-key-data: {key}\n")[0] == f"    client-key-data: {MASK}\n"
    public = base64.b64encode(f"-----BEGIN CERTIFICATE-----\n{made(200)}".encode()).decode()
    assert masked(f"    client-certificate-data: {public}\n")[1] == []


def test_containers_keep_their_shape_and_types() -> None:
    given = {
        "user": "me",
        "password": "hunter22",
        "n": 1,
        "hosts": ["a", "https://u:pa55w0rd@h"],
        "deep": {"api_key": "abcd1234"},
    }
    value, found = masked_value("config", given)
    assert value == {
        "user": "me",
        "password": MASK,
        "n": 1,
        "hosts": ["a", f"https://u:{MASK}@h"],
        "deep": {"api_key": MASK},
    }
    assert found == ["password", "password in a URL", "api_key"]
    assert given["password"] == "hunter22"


def test_what_is_learned_is_masked_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SERVICE_PASSWORD", "swordfish")
    secrets.learn_environment()
    secrets.learn("name", "ordinary")
    assert masked("swordfish, swordfishes, ordinary")[0] == f"{MASK}, swordfishes, ordinary"
    monkeypatch.setenv("TRACKER_MASK", "0")
    assert masked("swordfish") == ("swordfish", [])


def test_what_the_session_holds_is_learned_without_asking_it() -> None:
    class Settings:
        def __init__(self) -> None:
            self.db_password = "swordfish-2"

        def __getattribute__(self, name: str) -> object:
            raise AssertionError(name)

    class Odd:
        __slots__ = ("password",)

        @property
        def __dict__(self) -> dict[str, object]:  # type: ignore[override]
            raise AssertionError

    secrets.learn_names(
        {
            "s": Settings(),
            "o": Odd(),
            "d": {"api_key": "catfish-3", 1: "x"},
            "t": Settings,
            "token": made(12) + "1a2B3c",
            "password_bytes": b"goldfish-4",
            "n": namedtuple("n", "user password")("me", "starfish-5"),
        }
    )
    assert masked("swordfish-2 catfish-3 goldfish-4 starfish-5")[0] == " ".join(4 * [MASK])


def test_a_key_that_was_met_is_masked_inside_other_words() -> None:
    word = made(20) + "1aB2"
    secrets.learn("token", word)
    assert masked(f"bot{word}_x")[0] == f"bot{MASK}_x"


def test_what_a_program_made_is_masked_unless_it_looks_like_chance_only(tmp_path: Path) -> None:
    tracker.set_tracking_uri(tmp_path / "store")
    data = base64.b64encode(bytes(range(200, 255))).decode()
    with tracker.start_run() as run:
        tracker.log_param("password", "abcd-secret-4")
        tracker.log_dict({"password": "abcd-secret-1", "bdata": data, "image": made(40)}, "a.json")
        tracker.log_text("api_key: abcd-secret-2", "b.txt")
        tracker.log_table({"who": ["abcd-secret-4"]}, "t.json")
        tracker.log_input(
            tracker.data.from_numpy(__import__("numpy").zeros(3), source="https://me:abcd-secret-5@h/x"),
            tags={"token": made(12) + "1aB2"},
        )
        tracker.set_experiment_tag("password", "abcd-secret-6")
    folder = tmp_path / "store" / "artifacts" / run.info.run_id
    assert data in (folder / "a.json").read_text()
    assert (folder / "b.txt").read_text() == f"api_key: {MASK}"
    for path in (tmp_path / "store").rglob("*"):
        assert not path.is_file() or b"abcd-secret" not in path.read_bytes(), path


def test_the_registry_is_masked(tmp_path: Path) -> None:
    client = tracker.MlflowClient(tmp_path / "store")
    client.create_registered_model("m", {"password": "abcd-secret-1"}, "api_key: abcd-secret-2")
    client.set_registered_model_tag("m", "url", "https://u:abcd-secret-3@h")
    model = client.get_registered_model("m")
    assert (model.tags, model.description) == ({"password": MASK, "url": f"https://u:{MASK}@h"}, f"api_key: {MASK}")


def test_the_working_folder_is_no_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PWD", str(tmp_path))
    secrets.learn_environment()
    assert masked(f"read {tmp_path}/iris.csv") == (f"read {tmp_path}/iris.csv", [])
    assert masked_value("pwd", str(tmp_path)) == (str(tmp_path), [])


def test_parameters_and_tags_are_masked_before_they_reach_the_disk(tmp_path: Path) -> None:
    tracker.set_tracking_uri(tmp_path / "store")
    with tracker.start_run() as run:
        tracker.log_params({"api_key": "abcd-secret-1", "lr": 0.1, "nested": {"password": "abcd-secret-2"}})
        tracker.set_tag("db", "mysql://me:abcd-secret-3@host")
    found = tracker.get_run(run.info.run_id).data
    assert found.params["api_key"] == MASK and found.params["lr"] == "0.1"
    assert found.tags["db"] == f"mysql://me:{MASK}@host"
    assert found.tags["tracker.masked"] == "api_key, password, password in a URL"
    for folder, _, names in os.walk(tmp_path / "store"):
        for name in names:
            assert b"abcd-secret" not in Path(folder, name).read_bytes()


@pytest.mark.parametrize(
    "part",
    [
        "sk-1-a-",
        "curl ",
        "mysql -a ",
        "auth('a', ",
        "pass ",
        "a://b:c@",
        "'a' ",
        "token: [",
        "cookie: a=b; ",
        "password=",
    ],
)
def test_no_text_takes_longer_than_its_length_tells(part: str) -> None:
    import time

    def seconds(size: int) -> float:
        text = part * (size // len(part))
        start = time.thread_time()
        masked(text)
        return time.thread_time() - start

    seconds(10_000)
    assert seconds(160_000) < 60 * seconds(20_000) + 0.2  # 8 times the text: a square would be 64 times the work


def test_it_keeps_up_with_output() -> None:
    import time

    text = "epoch 3 loss 0.123 token count 4096 key=value https://example.com/a?b=1\n" * 3_000
    start = time.thread_time()
    assert masked(text) == (text, [])
    assert len(text) / (time.thread_time() - start) > 500_000


WORD = "Qh7-xR2mT9vKp4"
INSIDE = [
    json.dumps({"source": [f'password = "{WORD}"\n', f"user, passwd = 'me', '{WORD}'\n"]}),
    f"<pre>connect(password=&quot;{WORD}&quot;)</pre>",
    repr(f"con = connect(user='me', password=\"{WORD}\")"),
    json.dumps(json.dumps({"password": f'{WORD}"'})),
    f"connect(password=\x1b[33m'\x1b[39m\x1b[33m{WORD}\x1b[39m\x1b[33m'\x1b[39m, user=\x1b[33m'me'\x1b[39m)",
    f"<tr><th>api_key</th><td>{WORD}</td></tr>",
    json.dumps(f"\x1b[33mpassword\x1b[0m=\x1b[32m'{WORD}'\x1b[0m"),
]


@pytest.mark.parametrize("text", INSIDE)
def test_a_credential_in_a_text_inside_a_text(text: str) -> None:
    made, found = masked(text)
    assert WORD not in made and found
    begin, end = text.index(WORD), text.rindex(WORD) + len(WORD)
    assert made.startswith(text[:begin]) and made.endswith(text[end:].lstrip('\\"'))


def test_what_a_name_tells_where_it_goes_on() -> None:
    random = "h7Kq2mXv9RtP4wZs8LdB"
    for name in ("DB_PASSWORD_PROD", "HF_TOKEN_BEDROCK", "bearer_token_bedrock", "client-key-data"):
        assert masked_value(name, random)[0] == MASK, name
    for name in ("password_hash_path", "api_key_id", "secret_santa", "password_length"):
        assert masked_value(name, "id-of-something")[0] == "id-of-something", name


def test_a_credential_in_base64_and_in_parts_is_known_again() -> None:
    masked(f'password = "{WORD}"; api_token = "h7Kq2mXv9RtP4wZs8LdB"')
    packed = base64.b64encode(f"me:{WORD}".encode()).decode()
    assert masked(f"header: {packed}")[0] == f"header: {MASK}"
    assert masked("a = 'h7Kq2mXv9RtP' + b")[0] == f"a = '{MASK}' + b"


def test_the_columns_of_a_table() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"user": ["ada", "bob"], "api_token": [WORD, "word"], "n": [1, 2]})
    made, names = secrets.masked_table(frame)
    assert names == ["api_token"] and list(made["api_token"]) == [MASK, "word"] and frame["api_token"][0] == WORD
    secrets.learn_tables([1, frame])
    assert masked(frame.to_string())[0].count(MASK) == 1
