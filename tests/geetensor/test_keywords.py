"""Overloads name the arguments that their functions take."""

from __future__ import annotations

import inspect
import typing

import pytest

from geetensor import ee_image, keywords

OPTIONS = {
    "export_image": keywords.OfAnyExport,
    "export_image_fast": keywords.OfOneRequest,
    "export_cube": keywords.OfCube,
    "export_composite": keywords.OfComposite,
    "export_many": keywords.OfPatches,
}


@pytest.mark.parametrize("name", OPTIONS)
def test_overloads_have_the_arguments_of_the_function(name: str) -> None:
    function = getattr(ee_image, name)
    taken = set(inspect.signature(function).parameters)
    overloads = typing.get_overloads(function)
    assert overloads
    for overload in overloads:
        parameters = inspect.signature(overload).parameters
        assert parameters["options"].annotation == f"Unpack[{OPTIONS[name].__name__}]"
        assert {*parameters, *OPTIONS[name].__annotations__} - {"options"} == taken
