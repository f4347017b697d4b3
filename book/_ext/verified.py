"""The mark beside each equation's number, and the page that lists all checks."""

import html
import json
from collections import Counter

import ledger
from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
PAGE = "book/appendix/verification"
SIGNS = {"identity": "✓", "bound": "✓", "update": "✓", "approximation": "≈", "definition": "≝"}


def entries():
    return json.loads((ledger.ROOT / "book" / "ledger.json").read_text(encoding="utf-8"))


class Marks(SphinxPostTransform):
    """Give each displayed equation its mark; warn of one without a label or a check."""

    default_priority = 500
    formats = ("html",)

    def run(self, **kwargs):
        known = entries()
        for node in self.document.findall(nodes.math_block):
            label = node.get("label")
            if label not in known:
                logger.warning("displayed equation without a label or a check: %s (%s)",
                               label, node.astext(), location=node)
                continue
            kind = known[label]["kind"]
            target = self.app.builder.get_relative_uri(self.env.docname, PAGE)
            node["mark"] = (
                f'<a class="eq-mark" data-kind="{kind}" href="{target}#check-{label}" '
                f'title="How this {kind} is verified" aria-label="How this {kind} is verified">'
                f"{SIGNS[kind]}</a>"
            )


class VerificationList(SphinxDirective):
    """All equations by page, each with its kind and the source of its check."""

    def run(self):
        self.env.note_dependency(str(ledger.ROOT / "book" / "ledger.json"))
        known = entries()
        sources = {check.test: check.source for check in ledger.checks()}
        result = self.counts(known)
        for page in dict.fromkeys(entry["page"] for entry in known.values()):
            section = nodes.section(ids=[f"checks-{page.replace('/', '-').replace('_', '-')}"])
            name = ledger.title(ledger.pages()[page])
            section += nodes.title(name, "", self.reference(f"/book/{page}", "doc", "std", name))
            for label, entry in known.items():
                if entry["page"] == page:
                    section += self.entry(label, entry, sources)
            result.append(section)
        return result

    def reference(self, target, kind, domain, text=""):
        """A link to a page or an equation; without a text it shows the target's title or number."""
        return addnodes.pending_xref(
            "", nodes.inline("", text or target), refdomain=domain, reftype=kind, reftarget=target,
            refdoc=self.env.docname, refexplicit=bool(text), refwarn=True,
        )

    def counts(self, known):
        counted = Counter(entry["kind"] for entry in known.values())
        rows = nodes.bullet_list()
        for kind, meaning in ledger.KINDS.items():
            count = nodes.strong("", f"{counted[kind]} of kind {kind}")
            words = nodes.Text(f" ({SIGNS[kind]}): {meaning}")
            rows += nodes.list_item("", nodes.paragraph("", "", count, words))
        total = nodes.paragraph(
            "", f"{len(known)} displayed equations, {len(known)} with a check:")
        return [total, rows]

    def entry(self, label, entry, sources):
        box = nodes.container(ids=[f"check-{label}"], classes=["check"])
        line = nodes.paragraph()
        line += [nodes.Text("Equation "), self.reference(label, "eq", "math"),
                 nodes.Text(f" {SIGNS[entry['kind']]} {entry['kind']}: "), nodes.literal("", label)]
        box += line
        for test in entry["tests"]:
            path, name = test.split("::")
            sentence = name.removeprefix("test_").replace("_", " ")
            box += nodes.raw("", f"<details><summary>{html.escape(sentence)}</summary>", format="html")
            box += nodes.paragraph("", "", nodes.literal("", path))
            box += nodes.literal_block(sources[test], sources[test], language="python")
            box += nodes.raw("", "</details>", format="html")
        return box


def outdated(app, env, added, changed, removed):
    return [PAGE] if PAGE in env.found_docs else []


def setup(app):
    app.add_post_transform(Marks)
    app.add_directive("verification-list", VerificationList)
    app.connect("env-get-outdated", outdated)
    return {"parallel_read_safe": True}
