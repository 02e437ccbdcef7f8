"""Which connected account, name and address a spec's `sender` stands for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bulkplan.core.near import did_you_mean, join_words
from bulkplan.core.resolve import MAX_LISTED, is_id, list_some
from bulkplan.errors import Path, Problem
from bulkplan.model.catalog import Catalog, Sender

_FORM = re.compile(r'\s*"?(?P<name>[^"<>]*?)"?\s*<(?P<address>[^<>\s]+@[^<>\s]+)>\s*')
_HINT = 'write "Name <address>", an address, or the ID of a connected account (emailacct_…)'


@dataclass(frozen=True)
class SendingIdentity:
    """An account, and the name and address that it sends as. `name` is empty where Close knows none."""

    account: Sender
    name: str
    address: str

    @property
    def label(self) -> str:
        """`Dana Reyes <dana@example.com>`, or the bare address."""
        return f"{self.name} <{self.address}>" if self.name else self.address


def find_sender(text: str, catalog: Catalog, path: Path) -> SendingIdentity | Problem:
    """
    Find the account, name and address to send as.

    Args:
        text: `Name <address>`, a bare address, or the ID of a connected account.

    Returns:
        The identity, or a problem at `path`.

    Source: Close API, Connected Accounts.
    """
    text = text.strip()
    identities = _identities(catalog)
    if is_id(text, ("emailacct_",)):
        return _by_id(text, identities, path=path)
    form = _FORM.fullmatch(text)
    if form is None and "@" not in text:
        guess = did_you_mean(text, [identity.label for identity in identities])
        return Problem(f'"{text}" is no sender', hint=guess or _HINT, path=path)
    name, address = (form["name"].strip(), form["address"]) if form else ("", text)
    return _by_address(name, address, identities, path=path)


def sender_labels(catalog: Catalog) -> tuple[str, ...]:
    """What a spec may write for a sender, each once."""
    return tuple(dict.fromkeys(identity.label for identity in _identities(catalog)))


def _identities(catalog: Catalog) -> tuple[SendingIdentity, ...]:
    """Every identity of every account; an account without any stands for its own address, unless another has it."""
    stated = [
        SendingIdentity(account, identity.name or "", identity.email)
        for account in catalog.senders
        for identity in account.identities
    ]
    taken = {identity.address.casefold() for identity in stated}
    bare = [
        SendingIdentity(account, "", account.email)
        for account in catalog.senders
        if account.email and not account.identities and account.email.casefold() not in taken
    ]
    return (*stated, *bare)


def _by_id(account_id: str, identities: Sequence[SendingIdentity], *, path: Path) -> SendingIdentity | Problem:
    own = [identity for identity in identities if identity.account.id == account_id]
    if not own:
        return Problem(f"no connected account that can send has the ID {account_id}", hint=_some(identities), path=path)
    main = [one for one in own if one.account.email and one.address.casefold() == one.account.email.casefold()]
    return (main or own)[0]


def _by_address(
    name: str, address: str, identities: Sequence[SendingIdentity], *, path: Path
) -> SendingIdentity | Problem:
    same_address = [one for one in identities if one.address.casefold() == address.casefold()]
    if not same_address:
        guess = did_you_mean(address, [one.address for one in identities])
        return Problem(f'no connected account sends as "{address}"', hint=guess or _some(identities), path=path)
    if not name:
        return _only(address, same_address, path=path)
    same_name = [one for one in same_address if one.name.casefold() == name.casefold()]
    if same_name:
        return _only(f"{name} <{address}>", same_name, path=path)
    nameless = [SendingIdentity(one.account, name, one.address) for one in same_address if not one.name]
    if nameless:
        return _only(address, nameless, path=path)
    return Problem(
        f'no connected account sends as "{name} <{address}>"',
        hint=f"this address is known as {join_words([one.label for one in same_address[:MAX_LISTED]], last='or')}",
        path=path,
    )


def _only(label: str, identities: Sequence[SendingIdentity], *, path: Path) -> SendingIdentity | Problem:
    """The one identity; several names of one account give the first, several accounts are for a person to choose."""
    accounts = list(dict.fromkeys(one.account.id for one in identities))
    if len(accounts) == 1:
        return identities[0]
    return Problem(
        f'{len(accounts)} connected accounts send as "{label}"',
        hint=f"write the ID of the one that is meant: {join_words(accounts[:MAX_LISTED], last='or')}",
        path=path,
    )


def _some(identities: Sequence[SendingIdentity]) -> str:
    if not identities:
        return "the API key sees no connected account that can send"
    return f"known senders: {list_some([one.label for one in identities])}"
