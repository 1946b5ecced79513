"""What only the emulator makes wrong: ids that it assigns in another form than AWS, and that come back in requests."""

import re

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Operation, path and rule of the finding, and the form in which the emulator assigns the value.
ASSIGNED = {
    ("logs:GetDelivery", "$.id", "pattern"): UUID,
    ("logs:DeleteDelivery", "$.id", "pattern"): UUID,
    ("logs:UpdateDeliveryConfiguration", "$.id", "pattern"): UUID,
}


def is_assigned(operation, finding):
    """Whether a finding is about a value that the emulator assigned."""
    form = ASSIGNED.get((operation, finding.path, finding.rule))
    return form is not None and form.fullmatch(finding.value) is not None
