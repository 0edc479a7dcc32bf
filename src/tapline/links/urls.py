"""Addresses of links and domains, below a workspace's own."""

from __future__ import annotations

from django.urls import path

from tapline.links import pages

app_name = "links"
urlpatterns = [
    path("links/", pages.list_links, name="list"),
    path("links/new", pages.create, name="new"),
    path("links/<int:link_id>/", pages.show, name="show"),
    path("links/<int:link_id>/destination", pages.set_destination, name="destination"),
    path("links/<int:link_id>/switch", pages.switch, name="switch"),
    path("links/<int:link_id>/expiry", pages.expire, name="expiry"),
    path("links/<int:link_id>/aliases", pages.add_alias, name="add-alias"),
    path("links/aliases/<int:alias_id>/remove", pages.remove_alias, name="remove-alias"),
    path("domains/", pages.list_domains, name="domains"),
    path("domains/add", pages.add_domain, name="add-domain"),
    path("domains/<int:domain_id>/fallback", pages.set_fallback, name="fallback"),
]
