//! Addresses that lead nowhere: 404 and 405.

use actix_web::{HttpRequest, HttpResponse, dev::ResourceDef, web};
use utoipa::openapi;

use super::document::document;
use crate::error::{ApiError, ApiResult};

/// Every address that there is, with its methods.
#[derive(Debug)]
pub struct Routes(Vec<Route>);

#[derive(Debug)]
struct Route {
    pattern: ResourceDef,
    methods: String,
}

impl Routes {
    pub(super) fn documented() -> Self {
        let document = document();
        let verbs = |item: &openapi::PathItem| {
            [
                ("GET, HEAD", &item.get),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ]
            .into_iter()
            .filter_map(|(verb, operation)| operation.as_ref().map(|_| verb))
            .collect::<Vec<_>>()
            .join(", ")
        };
        let documented = document.paths.paths.iter().map(|(path, item)| (path.as_str(), verbs(item)));
        let routes = documented
            .chain([("/api/openapi.json", "GET, HEAD".to_owned())])
            .map(|(path, methods)| Route { pattern: ResourceDef::new(path), methods })
            .collect();
        Self(routes)
    }
}

/// A path with an invalid id is not found, unless it is an address of its own, asked with a method that only ids have.
pub(super) fn unreadable_path(req: &HttpRequest) -> ApiError {
    let routes = req.app_data::<web::Data<Routes>>();
    let own = routes.and_then(|routes| routes.0.iter().find(|route| route.pattern.pattern() == Some(req.path())));
    own.map_or_else(ApiError::not_found, |route| ApiError::method_not_allowed(&route.methods))
}

/// 405 with the methods that would do where the address exists, 404 where it does not.
pub(super) async fn no_such_route(req: HttpRequest, routes: web::Data<Routes>) -> ApiResult<HttpResponse> {
    let Some(route) = routes.0.iter().find(|route| route.pattern.is_match(req.path())) else {
        return Err(ApiError::not_found());
    };
    Err(ApiError::method_not_allowed(&route.methods))
}
