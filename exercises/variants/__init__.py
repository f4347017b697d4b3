"""What a graded variant of a sheet may change: one file a sheet.

PRACTICE       the value of each choice in the practice sheet, which is the master as it stands
CHOICES        the values a variant may take
NAMES          function -> names it may have instead
edits          text of the master -> text of the variant; with PRACTICE, every text stays as it is
translations   function -> (its arguments in the variant, what it returns), where `practice` is
               an answer to the practice sheet: it turns the bank's answers into the variant's

The two say the same thing twice, in words and code and as a change of variables, so each is the
check of the other: the edited sheet must give every translated answer the marks of the practice one.
"""


def shown(values):
    """Numbers, or lists of them, as Python code with at most six decimals."""
    if hasattr(values, "__len__"):
        return f"[{', '.join(map(shown, values))}]"
    return f"{round(float(values), 6) + 0:g}" if float(values) == round(float(values), 3) else f"{values:.6f}"
