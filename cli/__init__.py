"""The command `nightdesk`. Subcommands are imported when they are called, so that each starts quickly.

Errors a user can cause end in one line on standard error and an exit code of `cli.exits`; a stack
trace means a fault of ours.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click

COMMANDS = {
    "start": ("cli.start:start", "Run the service in the foreground (the default command)."),
    "status": ("cli.status:status", "One screen of truth: gate, session, actors, orders."),
    "quotes": ("cli.market:quotes", "Quotes of what is subscribed; a symbol given is subscribed."),
    "account": ("cli.account:account", "Account summary with profit and loss."),
    "positions": ("cli.account:positions", "What the account holds."),
    "portfolio": ("cli.portfolio:portfolio", "What each account holds and is worth, by currency."),
    "orders": ("cli.orders:orders", "Working orders, or all of them."),
    "executions": ("cli.orders:executions", "Fills with their commissions."),
    "order": ("cli.order_groups:order", "Place, modify or cancel orders by hand."),
    "history": ("cli.history:history", "Download historical bars to csv or parquet."),
    "journal": ("cli.journal:journal", "Verify, export or back up the order journal and the audit trail."),
    "why": ("cli.why:why", "Whether an order would leave now, and what every rule says of it."),
    "reconcile": ("cli.control:reconcile", "Compare with the broker now; print the differences."),
    "halt": ("cli.control:halt", "Kill switch: refuse every new order."),
    "resume": ("cli.control:resume", "Lift the kill switch."),
    "arm": ("cli.arming:arm", "Agree to trade real money, without which mode live does not start."),
    "disarm": ("cli.arming:disarm", "Withdraw that again."),
    "strategies": ("cli.strategies:strategies", "List, start, stop or create strategies."),
    "reload": ("cli.reload:reload", "Read the configuration anew; only what changed in it is restarted."),
    "simulator": ("cli.simulator:simulator", "The simulated gateway alone, or control of a running one."),
    "drill": ("cli.drill:drill", "Break a service of its own on purpose and check that nothing is lost."),
    "config": ("cli.configuration:config", "Show, check or describe the configuration."),
}


class LazyGroup(click.Group):
    """A group whose commands are named, and described, without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Without a command, `start` is meant, also when only its options are given."""
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        if not args or (args[0].startswith("-") and args[0] not in own):
            args = ["start", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS:
            raise click.UsageError(f"there is no command {name!r}; known: {', '.join(COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        from cli.exits import translated

        with translated():
            return super().invoke(ctx)


def _version() -> str:
    try:
        return version("nightdesk")
    except PackageNotFoundError:
        return "(from a checkout)"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(_version(), prog_name="nightdesk")
def main() -> None:
    """Nightdesk: a supervised service between trading strategies and Interactive Brokers.

    A running service is found through its state directory: --state-dir, or NIGHTDESK_STATE_DIR.
    """
