"""An AWS account on this machine, by moto: `python -m dev.deploy.lambda_account PORT`.

moto makes no CloudFront and no HTTP API from a template; those become stubs that have an id and an address, so that
what refers to them can be resolved. Its check of a template refuses what osls always writes, and is left to cfn-lint.
"""

# `make check` does without the group `deploy`.
# pyright: reportMissingImports=false

import sys
from typing import Any, ClassVar

from moto.awslambda.models import LambdaFunction
from moto.cloudformation import models as stacks
from moto.core.common_models import CloudFormationModel
from moto.core.config import default_user_config
from moto.server import main as serve

from dev.ports import HOST

# What a template may ask of a resource, with what it gets.
_STUBBED: dict[str, dict[str, str]] = {
    "AWS::ApiGatewayV2::Api": {},
    "AWS::ApiGatewayV2::Integration": {},
    "AWS::ApiGatewayV2::Route": {},
    "AWS::ApiGatewayV2::Stage": {},
    "AWS::CloudFront::Distribution": {"DomainName": "{id}.cloudfront.net"},
    "AWS::CloudFront::Function": {"FunctionARN": "arn:aws:cloudfront::1:function/{id}"},
    "AWS::CloudFront::OriginAccessControl": {"Id": "{id}"},
    "AWS::CloudFront::ResponseHeadersPolicy": {},
    "AWS::Lambda::Url": {"FunctionUrl": "https://{id}.lambda-url.eu-west-1.on.aws/"},
    "AWS::S3::BucketPolicy": {},
}


class _Stub:
    """How a resource keeps its properties and does nothing."""

    kind: ClassVar[str]
    attributes: ClassVar[dict[str, str]]

    def __init__(self, name: str, properties: dict[str, Any]) -> None:
        self.name, self.properties = name, properties

    @property
    def physical_resource_id(self) -> str:
        return f"{self.name.lower()}0"

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in cls.attributes

    def get_cfn_attribute(self, attribute_name: str) -> str:
        return self.attributes[attribute_name].format(id=self.physical_resource_id)

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, *_: Any, **__: Any
    ) -> "_Stub":
        return cls(resource_name, cloudformation_json.get("Properties", {}))

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: "_Stub", _: str, cloudformation_json: Any, *__: Any, **___: Any
    ) -> "_Stub":
        original_resource.properties = cloudformation_json.get("Properties", {})
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, *_: Any, **__: Any) -> None:
        return


def _stub(kind: str, attributes: dict[str, str]) -> type:
    """Make the class of a resource type. moto finds it among the subclasses, by what it says of itself."""
    members = {
        "kind": kind,
        "attributes": attributes,
        "cloudformation_type": staticmethod(lambda: kind),
        "__module__": "moto.awslambda.models",  # moto reads the name of the service out of it
    }
    return type(kind.replace(":", ""), (_Stub, CloudFormationModel), members)


def _trust_layers(_: LambdaFunction, names: list[str]) -> list[dict[str, Any]]:
    """Let functions have layers of other accounts, such as AWS's own."""
    return [{"Arn": name, "CodeSize": 0} for name in names]


def main() -> None:
    stubs = [_stub(kind, attributes) for kind, attributes in _STUBBED.items()]
    stacks.__dict__["validate_template_cfn_lint"] = lambda _: []
    default_user_config.setdefault("lambda", {})["use_docker"] = False
    setattr(LambdaFunction, "_get_layers_data", _trust_layers)  # noqa: B010 - what it is, pyright knows only where moto is
    serve(["-H", HOST, "-p", sys.argv[1]])
    del stubs  # they had to live until here


if __name__ == "__main__":
    main()
