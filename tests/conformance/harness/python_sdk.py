"""Calls through the official Python SDK, and their outcomes."""

import warnings

import daytona._sync.object_storage
import daytona_api_client
import obstore.store
import pydantic
from daytona import Daytona, DaytonaConfig, DaytonaError
from daytona_api_client.exceptions import ApiException

from harness import processes
from harness.outcome import Outcome


def _plain_http_store(*arguments, client_options=None, **others):
    return obstore.store.S3Store(*arguments, client_options={**(client_options or {}), "allow_http": True}, **others)


# The SDK's upload library refuses http:// unless told otherwise, and the SDK offers no option for that.
daytona._sync.object_storage.S3Store = _plain_http_store


# It warns of contradictory parameters, which cases use on purpose.
warnings.filterwarnings("ignore", module="cases|daytona")


class PythonSdk:
    def __init__(self, emulator, case):
        credential = {"api_key": processes.API_KEY}
        if case.credential == "jwt":
            credential = {"jwt_token": processes.JWT, "organization_id": processes.ORGANIZATION}
        self.daytona = Daytona(DaytonaConfig(api_url=emulator.url, target=case.target, **credential))
        self._mark = emulator.mark

    def held(self, get):
        """The result of `get`, an object that the caller already has: how it was obtained is not compared."""
        held = get()
        self._mark()
        return held

    def sandbox(self, id_or_name):
        return self.held(lambda: self.daytona.get(id_or_name))

    def snapshot(self, id_or_name):
        return self.held(lambda: self.daytona.snapshot.get(id_or_name))

    def volume(self, name):
        return self.held(lambda: self.daytona.volume.get(name))

    def api(self, name):
        """A class of the generated client below the SDK, for requests without an SDK method."""
        return getattr(daytona_api_client, name)(self.daytona._api_client)

    def numbered_page(self, **query):
        """The older list of sandboxes, page by page. Clients since 0.218 have no method for it; this sends the request of
        the older ones, in the API's terms."""
        client = self.daytona._api_client
        request = client.param_serialize(
            method="GET",
            resource_path="/sandbox/paginated",
            query_params=list(query.items()),
            header_params={"Accept": client.select_header_accept(["application/json"])},
            collection_formats={name: "multi" for name in ("states", "snapshots", "regions")},
            auth_settings=["bearer", "oauth2"],
        )
        response = client.call_api(*request)
        response.read()
        return client.response_deserialize(response, {"200": "object"}).data


def outcome_of(call):
    """Runs `call`. Any exception but a refusal by the SDK or by upstream is a mistake of the case, and propagates."""
    try:
        return Outcome(ok=True, answer=call())
    except DaytonaError as error:
        return Outcome(ok=False, http_status=error.status_code, message=f"{type(error).__name__}: {error}")
    except ApiException as error:
        return Outcome(ok=False, http_status=error.status, message=f"{type(error).__name__}: {error.status}")
    except (pydantic.ValidationError, UnicodeDecodeError) as error:
        return Outcome(ok=False, message=f"{type(error).__name__}: {error}")
