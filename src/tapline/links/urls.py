"""Addresses of links and domains, below a workspace's own."""

from __future__ import annotations

from django.urls import path

from tapline.links import pages, pages_bulk, pages_destinations, pages_domains

app_name = "links"
urlpatterns = [
    path("links/", pages.list_links, name="list"),
    path("links/new", pages.create, name="new"),
    path("links/many", pages_bulk.create_many, name="bulk"),
    path("links/tables/", pages_bulk.list_tables, name="tables"),
    path("links/tables/<int:table_id>/", pages_bulk.show_table, name="table"),
    path("links/tables/<int:table_id>/progress", pages_bulk.show_progress, name="table-progress"),
    path("links/tables/<int:table_id>/make", pages_bulk.make_table, name="make-table"),
    path("links/tables/<int:table_id>/again", pages_bulk.check_again, name="check-table"),
    path("links/tables/<int:table_id>/discard", pages_bulk.discard_table, name="discard-table"),
    path("links/tables/<int:table_id>/links.csv", pages_bulk.save_table, name="save-table"),
    path("links/utm", pages.show_utm, name="utm"),
    path("links/<int:link_id>/", pages.show, name="show"),
    path("links/<int:link_id>/destination", pages.set_destination, name="destination"),
    path("links/<int:link_id>/standing", pages_destinations.show_standing, name="standing"),
    path("links/<int:link_id>/look", pages_destinations.look_again, name="look"),
    path("links/<int:link_id>/switch", pages.switch, name="switch"),
    path("links/<int:link_id>/expiry", pages.expire, name="expiry"),
    path("links/<int:link_id>/goals", pages.choose_goals, name="goals"),
    path("links/<int:link_id>/card", pages.choose_card, name="card"),
    path("links/<int:link_id>/aliases", pages.add_alias, name="add-alias"),
    path("links/<int:link_id>/qr.<str:kind>", pages.show_code_qr, name="code-qr"),
    path("links/aliases/<int:alias_id>/qr.<str:kind>", pages.show_qr, name="qr"),
    path("links/aliases/<int:alias_id>/remove", pages.remove_alias, name="remove-alias"),
    path("domains/", pages_domains.list_domains, name="domains"),
    path("domains/add", pages_domains.add, name="add-domain"),
    path("domains/<int:domain_id>/", pages_domains.show, name="domain"),
    path("domains/<int:domain_id>/check", pages_domains.check, name="check-domain"),
    path("domains/<int:domain_id>/vouch", pages_domains.vouch, name="vouch-domain"),
    path("domains/<int:domain_id>/answers", pages_domains.set_answers, name="domain-answers"),
    path("domains/<int:domain_id>/host", pages_domains.move, name="move-domain"),
    path("domains/<int:domain_id>/remove", pages_domains.remove, name="remove-domain"),
]
