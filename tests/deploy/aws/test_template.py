"""What osls makes of serverless.yml: valid, least privilege, no secret, and one address for all."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dev.deploy.lambda_build import function_names
from dev.deploy.lambda_packages import PYTHON_VERSION
from dev.deploy.lambda_template import PATH, Template
from dev.node import NODE
from dev.processes import ROOT
from tests.deploy.aws.rehearsal import REGION, make_service, package

pytestmark = pytest.mark.needs_python(PYTHON_VERSION)

# W3005: osls writes DependsOn where a reference says so already. W1030: the certificate's parameter is empty where
# there is no domain, and then not used.
_OF_THE_TOOLS = ["W3005", "W1030"]
_SECRETS = (
    "SUPABASE_SECRET_KEY DATABASE_TOKEN_KEY ACCESS_TOKEN_KEYS REFRESH_TOKEN_KEYS PASSWORD_KEYS"
)


def _lint(template: Path) -> str:
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("cfn-lint")), "--regions", REGION),
            *("--ignore-checks", *_OF_THE_TOOLS, "--template", str(template)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_cloudformation_has_nothing_to_say_against_it(service: Path) -> None:
    assert _lint(service / PATH) == ""


def test_the_linter_would_say_so(service: Path, tmp_path: Path) -> None:
    document = json.loads((service / PATH).read_text())
    document["Resources"]["QueryLambdaFunction"]["Properties"]["Timeout"] = 901
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(document))

    assert re.search(r"^E\d+ 901 ", _lint(broken))


def test_it_names_exactly_the_files_of_functions(aws_template: Template) -> None:
    zips = {function.zip_name for function in aws_template.functions.values()}

    assert zips == {f"{name}.zip" for name in function_names()}


def test_every_address_of_the_api_has_a_function(aws_template: Template) -> None:
    keys = {route.key for route in aws_template.routes}

    assert keys == {
        "ANY /api/auth/{proxy+}",
        "ANY /api/history",
        "ANY /api/history/{proxy+}",
        "ANY /api/jobs/{proxy+}",
        "ANY /api/upload",
        "ANY /api/upload/{proxy+}",
    }
    assert [(each.pattern, each.origin) for each in aws_template.behaviours] == [
        ("/api/query*", "query"),
        ("/api/auth/export", "export"),
        ("/api/*", "api"),
        ("*", "page"),
    ]


def test_only_the_functions_get_the_secret_header(aws_template: Template) -> None:
    headers = {each.origin: each.headers for each in aws_template.behaviours}

    assert headers == {
        "query": ("X-Origin-Secret",),
        "export": ("X-Origin-Secret",),
        "api": ("X-Origin-Secret",),
        "page": (),
    }


def test_nothing_of_the_api_is_ever_cached(aws_template: Template) -> None:
    [distribution] = aws_template.of_type("AWS::CloudFront::Distribution").values()

    for behaviour in distribution["DistributionConfig"]["CacheBehaviors"]:
        assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        assert behaviour["Compress"] is False


def test_no_secret_is_in_it(service: Path) -> None:
    text = "".join(path.read_text() for path in (service / ".serverless").glob("*.json"))

    assert not [name for name in _SECRETS.split() if name in text]
    assert "ssm-secure" not in text


def test_the_role_may_write_logs_and_read_its_own_parameters(aws_template: Template) -> None:
    [role] = aws_template.of_type("AWS::IAM::Role").values()
    [policy] = role["Policies"]
    statements = policy["PolicyDocument"]["Statement"]

    allowed = {action for each in statements for action in each["Action"]}
    resources = [resource["Fn::Sub"] for each in statements for resource in each["Resource"]]
    assert allowed == {
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "logs:TagResource",
        "ssm:GetParametersByPath",
    }
    assert all(
        re.search(r":log-group:/aws/lambda/lectern-prod|:parameter/lectern/prod(/\*)?$", each)
        for each in resources
    )
    assert "ManagedPolicyArns" not in role


def test_logs_are_not_kept_for_ever(aws_template: Template) -> None:
    groups = aws_template.of_type("AWS::Logs::LogGroup").values()

    assert len(groups) == len(aws_template.functions)
    assert {group["RetentionInDays"] for group in groups} == {14}


def test_each_url_has_both_permissions_that_aws_asks_for(aws_template: Template) -> None:
    open_to_all = [
        (json.dumps(each["FunctionName"]), each["Action"])
        for each in aws_template.of_type("AWS::Lambda::Permission").values()
        if each["Principal"] == "*"
    ]

    functions = {function for function, _ in open_to_all}
    assert len(functions) == 2
    assert sorted(open_to_all) == sorted(
        (function, action)
        for function in functions
        for action in ("lambda:InvokeFunction", "lambda:InvokeFunctionUrl")
    )


def test_the_adapter_streams_what_needs_to(aws_template: Template) -> None:
    urls = aws_template.of_type("AWS::Lambda::Url").values()
    streaming = [aws_template.functions[name] for name in aws_template.streaming.values()]

    assert {url["InvokeMode"] for url in urls} == {"RESPONSE_STREAM"}
    assert {function.handler for function in streaming} == {"run.sh"}
    for function in streaming:
        assert function.environment["AWS_LAMBDA_EXEC_WRAPPER"] == "/opt/bootstrap"
        assert function.environment["AWS_LWA_INVOKE_MODE"] == "response_stream"
        name = function.environment["LECTERN_APP"].removeprefix("functions.").removesuffix(":app")
        assert function.environment["AWS_LWA_READINESS_CHECK_PATH"] == f"/api/{name}/health"


def test_the_page_is_nobodys_but_cloudfronts(aws_template: Template) -> None:
    bucket = aws_template.of_type("AWS::S3::Bucket")["Page"]
    policy = aws_template.of_type("AWS::S3::BucketPolicy")["PagePolicy"]["PolicyDocument"]
    allowed = [each for each in policy["Statement"] if each["Effect"] == "Allow"]

    # Without the right to list, S3 would call a file that is not there forbidden, not missing.
    assert {each["Action"] for each in allowed} == {"s3:GetObject", "s3:ListBucket"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert {each["Principal"]["Service"] for each in allowed} == {"cloudfront.amazonaws.com"}
    assert all("AWS:SourceArn" in each["Condition"]["StringEquals"] for each in allowed)


def _headers(policy: dict[str, Any]) -> dict[str, str]:
    """Return the headers that a policy of CloudFront sets, each of which overrides what the origin says."""
    config = policy["ResponseHeadersPolicyConfig"]
    security = config["SecurityHeadersConfig"]
    custom = config.get("CustomHeadersConfig", {}).get("Items", [])
    assert all(each["Override"] is True for each in (*security.values(), *custom))
    values = {
        "StrictTransportSecurity": lambda said: f"max-age={said['AccessControlMaxAgeSec']}",
        "ContentSecurityPolicy": lambda said: said["ContentSecurityPolicy"],
        "ContentTypeOptions": lambda _: "nosniff",
        "ReferrerPolicy": lambda said: said["ReferrerPolicy"],
    }
    # As CloudFormation names them: Strict-Transport-Security, Content-Security-Policy, ...
    named = {
        re.sub(r"(?<!^)(?=[A-Z])", "-", name).replace("Content-Type-", "X-Content-Type-"): values[
            name
        ](said)
        for name, said in security.items()
    }
    return named | {each["Header"]: each["Value"] for each in custom}


def _headers_on_vercel() -> tuple[dict[str, str], dict[str, str]]:
    """Return what vercel.json says of every address, and of the page besides."""
    configuration = json.loads((ROOT / "vercel.json").read_text())

    def of_all(rules: list[dict[str, Any]]) -> dict[str, str]:
        [rule] = [each for each in rules if each["source"] == "/(.*)"]
        return {each["key"]: each["value"] for each in rule["headers"]}

    return of_all(configuration["headers"]), of_all(configuration["services"]["web"]["headers"])


def test_page_and_api_have_the_headers_that_they_have_on_vercel(aws_template: Template) -> None:
    policies = aws_template.of_type("AWS::CloudFront::ResponseHeadersPolicy")
    everywhere, of_the_page = _headers_on_vercel()

    assert _headers(policies["ApiHeaders"]) == everywhere
    assert _headers(policies["PageHeaders"]) == everywhere | of_the_page
    assert everywhere | of_the_page == {
        "Content-Security-Policy": "frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
        "Strict-Transport-Security": "max-age=63072000",
        "X-Content-Type-Options": "nosniff",
    }


def test_every_address_has_the_policy_that_is_its_own(aws_template: Template) -> None:
    [distribution] = aws_template.of_type("AWS::CloudFront::Distribution").values()
    config = distribution["DistributionConfig"]
    of_the_api = [each["ResponseHeadersPolicyId"] for each in config["CacheBehaviors"]]

    assert config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] == {"Ref": "PageHeaders"}
    assert of_the_api == [{"Ref": "ApiHeaders"}] * 3


def test_an_alarm_tells_that_the_job_fails(aws_template: Template) -> None:
    [alarm] = aws_template.of_type("AWS::CloudWatch::Alarm").values()

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Errors")
    assert alarm["Dimensions"] == [
        {"Name": "FunctionName", "Value": {"Ref": "ScheduleLambdaFunction"}}
    ]
    # A run and both of the retries that Lambda makes of it.
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 3)
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["AlarmActions"] == {
        "Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]
    }


def test_concurrency_is_reserved_only_where_asked_for(service: Path, tmp_path: Path) -> None:
    asked = make_service(tmp_path / "service", service / ".build" / "lambda")
    package(asked, "--param", "reservedConcurrency=20")

    unset = Template.read(service).of_type("AWS::Lambda::Function")
    reserved = Template.read(asked).of_type("AWS::Lambda::Function")
    assert not [each for each in unset.values() if "ReservedConcurrentExecutions" in each]
    assert {each.get("ReservedConcurrentExecutions") for each in reserved.values()} == {None, 20}


def _at_the_edge(template: Template, name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Run a function of CloudFront on Node, which its runtime is a part of."""
    code = template.of_type("AWS::CloudFront::Function")[name]["FunctionCode"]
    program = f"{code}\nconsole.log(JSON.stringify(handler({json.dumps(event)})));"
    return json.loads(subprocess.check_output([str(NODE), "-e", program], text=True))


@pytest.mark.parametrize(
    ("uri", "asked_for"),
    [
        ("/", "/index.html"),
        ("/chats/1", "/index.html"),
        ("/worker.js", "/worker.js"),
        ("/assets/index-12345678.js", "/assets/index-12345678.js"),
    ],
)
def test_an_address_of_the_page_is_the_page(
    aws_template: Template, uri: str, asked_for: str
) -> None:
    request = _at_the_edge(aws_template, "PageAddress", {"request": {"uri": uri, "headers": {}}})

    assert request["uri"] == asked_for


def test_the_edge_overrides_what_a_browser_says_of_its_address(aws_template: Template) -> None:
    headers = {"x-client-address": {"value": "203.0.113.1"}}
    event = {"request": {"uri": "/", "headers": headers}, "viewer": {"ip": "198.51.100.7"}}

    request = _at_the_edge(aws_template, "ViewerAddress", event)

    assert request["headers"] == {"x-client-address": {"value": "198.51.100.7"}}
    for function in aws_template.functions.values():
        assert function.environment["CLIENT_ADDRESS_HEADER"] == "X-Client-Address"
