"""Reads what osls made of serverless.yml: the functions, and which of them answers at which address."""

import json
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

PATH = Path(".serverless") / "cloudformation-template-update-stack.json"


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function of the template, with the name of its zip."""

    logical_id: str
    handler: str
    zip_name: str
    timeout_seconds: int
    memory_megabytes: int
    environment: dict[str, str]


@dataclass(frozen=True)
class Route:
    """What the HTTP API sends to which function."""

    key: str
    logical_id: str
    timeout_seconds: float

    def matches(self, method: str, path: str) -> bool:
        """Say whether it takes a request; `{proxy+}` stands for one or more segments."""
        wanted, _, pattern = self.key.partition(" ")
        expression = re.escape(pattern).replace(r"\{proxy\+\}", ".+")
        return wanted in ("ANY", method) and bool(re.fullmatch(expression, path))


@dataclass(frozen=True)
class Behaviour:
    """Where CloudFront sends the paths of a pattern: the origin's id, and the headers it adds."""

    pattern: str
    origin: str
    headers: tuple[str, ...]

    def matches(self, path: str) -> bool:
        return fnmatchcase(path, self.pattern)


class Template:
    """The CloudFormation template of a packaged service."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.resources: dict[str, Any] = document["Resources"]

    @classmethod
    def read(cls, service: Path) -> "Template":
        return cls(json.loads((service / PATH).read_text()))

    def of_type(self, kind: str) -> dict[str, Any]:
        """Return the properties of all resources of a type, by logical id."""
        return {
            name: resource["Properties"]
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    @property
    def functions(self) -> dict[str, Function]:
        return {
            name: Function(
                logical_id=name,
                handler=properties["Handler"],
                zip_name=properties["Code"]["S3Key"].rpartition("/")[2],
                timeout_seconds=properties["Timeout"],
                memory_megabytes=properties["MemorySize"],
                environment=properties["Environment"]["Variables"],
            )
            for name, properties in self.of_type("AWS::Lambda::Function").items()
        }

    @property
    def routes(self) -> list[Route]:
        integrations = self.of_type("AWS::ApiGatewayV2::Integration")
        routes: list[Route] = []
        for properties in self.of_type("AWS::ApiGatewayV2::Route").values():
            integration = integrations[_reference(properties["Target"])]
            logical_id = _reference(integration["IntegrationUri"])
            seconds = integration["TimeoutInMillis"] / 1000
            routes.append(Route(properties["RouteKey"], logical_id, seconds))
        return routes

    @property
    def _distribution(self) -> dict[str, Any]:
        [distribution] = self.of_type("AWS::CloudFront::Distribution").values()
        return distribution["DistributionConfig"]

    @property
    def _origins(self) -> list[dict[str, Any]]:
        return self._distribution["Origins"]

    @property
    def streaming(self) -> dict[str, str]:
        """The origins of CloudFront that are URLs of functions, with the logical ids of these."""
        urls = self.of_type("AWS::Lambda::Url")
        referred = {origin["Id"]: _reference(origin["DomainName"]) for origin in self._origins}
        return {
            origin: _reference(urls[name]["TargetFunctionArn"])
            for origin, name in referred.items()
            if name in urls
        }

    @property
    def behaviours(self) -> list[Behaviour]:
        """What CloudFront does, in the order in which it looks; the last one takes all."""
        added = {
            origin["Id"]: tuple(
                header["HeaderName"] for header in origin.get("OriginCustomHeaders", ())
            )
            for origin in self._origins
        }
        config = self._distribution
        default = {**config["DefaultCacheBehavior"], "PathPattern": "*"}
        return [
            Behaviour(each["PathPattern"], each["TargetOriginId"], added[each["TargetOriginId"]])
            for each in (*config["CacheBehaviors"], default)
        ]


def _reference(value: Any) -> str:
    """Return the logical id that an intrinsic function refers to, however deep it lies."""
    found = re.search(r'"(?:Ref|Fn::GetAtt)": (?:\["|")(\w+)|\$\{(\w+)', json.dumps(value))
    assert found, value
    return found[1] or found[2]
