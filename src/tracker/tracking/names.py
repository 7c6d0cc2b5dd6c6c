"""Names for runs that were given none: adjective-noun-number, easy to say and to tell apart."""

from __future__ import annotations

import os

_ADJECTIVES = (  # noqa: SIM905
    "able agile airy alert amber ample azure balmy bold brave breezy brisk bright calm candid careful "
    "cheerful clear clever cobalt cosmic cozy crimson crisp curious daring deft dapper eager early "
    "earnest easy elegant fair fancy fleet fluent fond frank free fresh gentle gilded glad golden "
    "graceful grand handy happy hardy hazel honest humble indigo jolly jovial keen kind lively loyal "
    "lucid lucky lunar mellow merry mighty mild modest neat nimble noble olive patient peppy placid "
    "plucky polite proud quick quiet rapid ready regal robust rosy ruby rustic salty scarlet serene sharp "
    "silent silver sincere sleek smart smooth snowy solar solid spry stable steady still stoic sunny "
    "swift tidy tranquil trusty upbeat valiant velvet vivid warm whole wily wise witty young zesty"
).split()
_NOUNS = (  # noqa: SIM905
    "acorn alder anchor antelope aspen aurora badger bass beacon beaver birch bison bobcat breeze brook "
    "canyon carp cedar cliff cloud comet condor coral cove crane creek cricket crow delta dolphin dove "
    "dragonfly dune eagle eel elk elm ember falcon fern finch fjord flint forest fox gale gazelle gecko "
    "geyser glacier grove gull harbor hare hawk heron hill ibex iris island jackal jaguar jay juniper "
    "kestrel kite koala lagoon lake lark lemur linden lion lizard llama lotus lynx magpie mantis maple "
    "marsh marten meadow mole moose moss newt oak orca orchid oriole osprey otter owl panda panther "
    "parrot peak pelican petrel pine plover pond poplar puffin quail rabbit raven reef ridge river robin "
    "salmon sequoia shark shore sloth sparrow spruce stork stream summit swan tern thrush tiger trout "
    "turtle valley walrus willow wolf wombat wren yak zebra"
).split()


def random_name() -> str:
    """A name such as ``brisk-otter-417``; drawn from the system, so that no seeded generator is moved."""
    draw = int.from_bytes(os.urandom(8), "big")
    draw, number = divmod(draw, 1000)
    draw, noun = divmod(draw, len(_NOUNS))
    return f"{_ADJECTIVES[draw % len(_ADJECTIVES)]}-{_NOUNS[noun]}-{number}"
