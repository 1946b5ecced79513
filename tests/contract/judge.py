"""Judges requests, and counts what was judged."""

from collections import Counter

from . import emulated, frame, message, rules, shapes
from .models import Models
from .values import Finding


class Judge:
    """The models, read once for any number of logs."""

    def __init__(self):
        self.models = Models()

    def judge(self, request):
        """(operation, findings) of a request. The operation is named `service:Operation`."""
        service = self.models.of(request)
        if service is None:
            return request.service, [Finding("operation", "$", request.service, "is a service of AWS")]
        route = service.route(request)
        if route is None:
            called = f"{request.method} {request.path}"
            return service.name, [Finding("operation", "$", called, f"is an operation of {service.name}")]
        operation = service.model.operation_model(route.name)
        value, found = message.read(operation, route, request)
        found += shapes.check(service, operation.input_shape, value)
        found += frame.check(service, operation, route, request)
        # Rules take values to be of their types.
        if not any(each.rule in ("type", "syntax") for each in found):
            found += rules.check(service, operation, value, request)
        name = f"{service.name}:{route.name}"
        return name, [each for each in found if not emulated.is_assigned(name, each)]


def report(judge, requests):
    """What became of a log: how many requests were judged, by operation, and the findings, each told once."""
    operations, cut_off, told = Counter(), 0, {}
    for request in requests:
        if not request.is_whole:
            cut_off += 1
            continue
        name, found = judge.judge(request)
        operations[name] += 1
        for each in found:
            told.setdefault((name, each.rule, each.path, each.demand), (each, request, Counter()))[2]["times"] += 1
    violations = [
        {"operation": key[0], "times": count["times"], "time": request.time, **each._asdict()}
        for key, (each, request, count) in told.items()
    ]
    return {"judged": operations.total(), "cut_off": cut_off, "operations": operations, "violations": violations}
